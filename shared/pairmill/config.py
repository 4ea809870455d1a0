"""RunConfig: what one run shall do, and all that decides its bytes.

Knows no vendor and no stage: values and their bounds only. Numbers of the MegaPairs paper
(arXiv 2412.14475) stand in the preset `megapairs`, with their source.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pairmill.core.errors import ConfigError
from pairmill.core.ids import digest_of

SpaceName = Literal["visual_semantic", "visual_pattern", "caption"]


class Part(BaseModel):
    """A frozen part of the configuration; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class IngestConfig(Part):
    """Limits of decoding and how images are kept."""

    store: Literal["original", "resized", "reference"] = "resized"
    longest_side: int = Field(512, ge=32, le=8192, description="pixels, for `resized`")
    shard_images: int = Field(512, ge=1, le=10_000)
    min_side: int = Field(32, ge=1, description="pixels; smaller images are rejected")
    max_bytes: int = Field(64 * 2**20, ge=1024)
    max_pixels: int = Field(100_000_000, ge=1024)
    max_caption_chars: int = Field(10_000, ge=1)


class EncoderConfig(Part):
    """Which towers, and what decides their bytes."""

    name: Literal["starter"] = "starter"
    batch: int = Field(32, ge=1, le=4096)
    threads: int = Field(2, ge=1, le=256)


class BandConfig(Part):
    """Which similarities make a pair: above `low`, not above `high`.

    `quantile`: both are quantiles of a space's own similarities between random images, because
    spaces differ in scale. `absolute`: both are cosines, as in the paper.
    """

    kind: Literal["quantile", "absolute"] = "quantile"
    low: float = Field(0.9, ge=-1, le=1)
    high: float = Field(1.0, ge=-1, le=1)

    @model_validator(mode="after")
    def _low_is_below_high(self) -> "BandConfig":
        if self.low >= self.high:
            raise ValueError(f"band low {self.low} must be below high {self.high}")
        return self


class MiningConfig(Part):
    """Rank windows, bands, negatives and the cap on targets."""

    spaces: tuple[SpaceName, ...] = Field(
        ("visual_semantic", "visual_pattern", "caption"), min_length=1
    )
    first_rank: int = Field(1, ge=1, description="first neighbour taken, from 1")
    last_rank: int = Field(15, ge=1, le=1000)
    band: BandConfig = BandConfig()
    pairs_per_space: int = Field(4, ge=1, description="pairs a query image and space, at most")
    num_negatives: int = Field(5, ge=1, description="hard negatives, the query image included")
    target_cap: int = Field(20, ge=1, description="how often an image may be a target")
    shard_pairs: int = Field(128, ge=1)
    engine: Literal["exact", "qdrant"] = Field(
        "exact", description="who proposes neighbours: this process, or a Qdrant server"
    )
    hnsw_ef: int = Field(
        128, ge=0, description="for qdrant: width of the approximate search; 0 searches exactly"
    )

    @model_validator(mode="after")
    def _window_is_not_empty(self) -> "MiningConfig":
        if self.last_rank < self.first_rank:
            raise ValueError(f"last_rank {self.last_rank} is below first_rank {self.first_rank}")
        return self


class DescribingConfig(Part):
    """Who says what a pair's images share and differ in."""

    describer: Literal["rules"] = "rules"
    max_differences: int = Field(2, ge=1, description="pairs that differ in more are rejected")


class InstructingConfig(Part):
    """Who writes the instructions, and how many."""

    instructor: Literal["rules"] = "rules"
    per_pair: int = Field(3, ge=3, le=20)
    max_chars: int = Field(300, ge=20)


class TrainingConfig(Part):
    """The retriever and how it is trained; steps count optimiser updates."""

    architecture: Literal["mmret-clip"] = "mmret-clip"
    trainable: Literal["heads"] = "heads"
    batch: int = Field(512, ge=2)
    align_steps: int = Field(50, ge=0, description="first phase: images with their captions")
    compose_steps: int = Field(300, ge=0, description="second phase: mined triplets")
    learning_rate: float = Field(2e-4, gt=0, description="of the image head, at its highest")
    text_rate: float = Field(3.0, gt=0, description="the text head's learning rate, in the image's")
    weight_decay: float = Field(0.01, ge=0)
    warmup_steps: int = Field(30, ge=0)
    temperature: float = Field(0.07, gt=0, description="divides logits; the paper's is 0.02")
    num_negatives: int = Field(2, ge=1, description="hard negatives a step, query image first")
    false_negative_margin: float = Field(
        0.1, ge=0, description="in-batch negatives nearer than positive + margin are masked"
    )
    align_weight: float = Field(1.0, ge=0, description="weight of caption alignment in phase two")
    held_out: float = Field(0.1, gt=0, lt=1, description="share of images held out by id")
    validate_every: int = Field(50, ge=1)
    patience: int = Field(4, ge=1, description="validations without a gain before the stop")
    checkpoint_every: int = Field(50, ge=1)
    min_triplets: int = Field(200, ge=1, description="with fewer, the untrained one is published")


class EvaluationConfig(Part):
    """Which cut-offs are reported; recall@1, @5, @10 and map@5 always are."""

    ks: tuple[int, ...] = (1, 5, 10)


class RunConfig(Part):
    """Everything that decides the bytes of a run. Paths are not part of it."""

    preset: str = Field("laptop", pattern="^[a-z][a-z0-9-]{0,29}$", description="begins its name")
    seed: int = Field(0, ge=0)
    ingest: IngestConfig = IngestConfig()
    encoder: EncoderConfig = EncoderConfig()
    mining: MiningConfig = MiningConfig()
    describing: DescribingConfig = DescribingConfig()
    instructing: InstructingConfig = InstructingConfig()
    training: TrainingConfig = TrainingConfig()
    evaluation: EvaluationConfig = EvaluationConfig()

    @property
    def digest(self) -> str:
        """Digest of every value."""
        return digest_of(self.model_dump(mode="json"))


def parse_config(values: dict[str, Any]) -> RunConfig:
    """Return the configuration of plain values; ConfigError names every fault at once."""
    try:
        return RunConfig.model_validate(values)
    except ValidationError as error:
        faults = [(".".join(map(str, e["loc"])), str(e["msg"])) for e in error.errors()]
        told = "".join(f"\n  {field}: {what}" for field, what in faults)
        raise ConfigError(f"the run's configuration is wrong:{told}", faults) from None
