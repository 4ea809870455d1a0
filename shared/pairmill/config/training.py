"""The retriever and how it is trained. Values and their bounds only."""

from typing import Annotated, Literal

from pydantic import Field

from pairmill.config.part import Part

Source = Literal["mined", "edit"]


class TrainingConfig(Part):
    """The retriever and how it is trained; steps count optimiser updates."""

    architecture: Literal["mmret-clip"] = "mmret-clip"
    trainable: Literal["heads", "all"] = Field(
        "heads", description="heads: on cached features of locked towers; all: towers, too"
    )

    # what is learnt from
    sources: tuple[Source, ...] = Field(("mined", "edit"), min_length=1)
    edit_share: float = Field(0.25, ge=0, le=1, description="of a batch, where there are both")
    edit_run: int = Field(
        32, ge=1, description="edits of one operation and value that follow one another in a batch"
    )
    max_triplets: int = Field(0, ge=0, description="mined triplets, drawn by id; 0 takes all")
    min_triplets: int = Field(200, ge=1, description="with fewer, the untrained one is published")
    held_out: float = Field(0.1, gt=0, lt=1, description="share of images held out by id")

    # the steps
    seed_offset: int = Field(
        0, ge=0, description="added to the run's seed: other batches of the same triplets"
    )
    batch: int = Field(1024, ge=2)
    cache_rows: int = Field(
        0, ge=0, description="gradient caching: rows of a batch embedded at once; 0 takes all"
    )
    align_steps: int = Field(300, ge=0, description="first phase: images with their captions")
    compose_steps: int = Field(300, ge=0, description="second phase: triplets")
    caption_epochs: float = Field(
        45.0, gt=0, description="passes over the captions that the first phase makes at most"
    )
    epochs: float = Field(
        7.0, gt=0, description="passes over the triplets that the second phase makes at most"
    )
    unlock_images: int = Field(
        5000, ge=0, description="with fewer images the image head stays as it is: words alone learn"
    )
    learning_rate: float = Field(2e-4, gt=0, description="of the image head, at its highest")
    text_rate: float = Field(8.0, gt=0, description="the text head's learning rate, in the image's")
    tower_rate: float = Field(0.1, ge=0, description="the towers', with trainable: all")
    weight_decay: float = Field(0.01, ge=0)
    warmup_steps: int = Field(30, ge=0)
    precision: Literal["float32", "bf16", "auto"] = Field(
        "float32", description="auto: bf16 where the hardware has it"
    )
    processes: int = Field(
        1, ge=1, description="that share every batch; their number decides the last bits"
    )
    noise: float = Field(
        0.0, ge=0, description="added to standardised image features, in standard deviations"
    )
    text_noise: float = Field(
        0.3, ge=0, description="added to text features, so that unmet words act like their nearest"
    )
    average: float = Field(0.0, ge=0, lt=1, description="decay of the weights' moving average")

    # the loss
    temperature: float = Field(0.07, gt=0, description="divides logits; the paper's is 0.02")
    learnable_temperature: bool = False
    query_negative: bool = Field(True, description="the query image is always a negative")
    negatives: Literal["mined", "random", "none"] = Field(
        "mined", description="the hard negatives beside the query image"
    )
    num_negatives: int = Field(2, ge=1, description="hard negatives a step, query image first")
    false_negative_margin: float = Field(
        0.1, ge=0, description="in-batch negatives nearer than positive + margin are masked"
    )
    hardness: float = Field(
        0.0, ge=0, description="negatives weigh exp(hardness x cosine) (LLaVE, arXiv 2503.04812)"
    )
    soft_weight: float = Field(
        0.0, ge=0, le=1, description="soft scores: this share of a label goes to candidates whose "
        "captions resemble the target's",
    )  # fmt: skip
    nested_dims: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        (), description="smaller sizes at which embeddings must work, too (arXiv 2205.13147)"
    )

    # what must not decay
    align_weight: float = Field(3.0, ge=0, description="caption alignment in phase two")
    keep_weight: float = Field(
        1.0, ge=0, description="the untrained retriever's image neighbours, kept as soft scores"
    )

    image_tolerance: float = Field(
        0.1, ge=0, le=1, description="image-to-image recall may fall by so much; a state that "
        "lost more is not published",
    )  # fmt: skip

    publish: Literal["best", "last"] = Field(
        "best",
        description="which state; last: whatever validation says, so that ablations compare like "
        "with like",
    )

    # when it ends
    validate_every: int = Field(50, ge=1)
    patience: int = Field(4, ge=1, description="validations without a gain before the stop")
    checkpoint_every: int = Field(50, ge=1)
