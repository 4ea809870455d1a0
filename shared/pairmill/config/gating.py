"""Which gates instructions must pass, and their thresholds. Values and their bounds only.

The defaults are meant for an instruction-tuned model of some 7B parameters that writes three to
six instructions a pair.
"""

from typing import Literal

from pydantic import Field, model_validator

from pairmill.config.chat import ChatConfig
from pairmill.config.part import Part
from pairmill.config.writing import AskingConfig

GateName = Literal[
    "length_words", "length_chars", "language", "refusal", "boilerplate", "copy", "leakage",
    "near_duplicate", "naming", "answerable", "aimless", "judge",
]  # fmt: skip
"""In the order in which texts pass them: cheap ones first. The schema is held to by whoever reads
an answer and cannot be switched off."""


class AnswerableConfig(Part):
    """When a text finds the target so well that the source image has nothing to add."""

    spaces: tuple[Literal["visual_semantic", "caption"], ...] = Field(
        ("visual_semantic", "caption"), min_length=1,
        description="in which texts search; caption: among captions, where all images have one",
    )  # fmt: skip
    rank: int = Field(10, ge=0, description="the target at this rank or before it: too good")
    share: float = Field(
        0.001, ge=0, lt=1, description="or among this share of the gallery, if that is more"
    )
    height: float = Field(
        3.0, description="and so many standard deviations above the gallery's mean, which tells "
        "what is named from what is found by chance",
    )  # fmt: skip
    gallery: int = Field(
        10_000, ge=2, description="images searched, at most, drawn by id; the target is among them"
    )
    action: Literal["reject", "weight"] = Field(
        "reject", description="weight: kept, and counted less in training"
    )
    weight: float = Field(0.25, gt=0, le=1, description="of such a text, for `weight`")


class JudgingConfig(Part):
    """Who says whether target and hard negatives are what an instruction asks for."""

    judge: Literal["none", "encoder", "llm"] = Field(
        "none",
        description="encoder: the run's own spaces and captions, on negatives alone; llm: a model "
        "that sees both images",
    )
    least: float = Field(
        0.5, gt=0, le=1, description="score from which on an image is held to fit"
    )  # fmt: skip
    negatives: Literal["drop", "soft"] = Field(
        "drop", description="a negative that fits is dropped, or kept with its soft score"
    )
    margin: float = Field(
        0.1, gt=0, le=2,
        description="encoder: cosine to the composed query, at most so far below the target's "
        "(UniME-V2 has 0.01 for a judge's scores)",
    )  # fmt: skip
    contrast: float = Field(
        0.5, gt=0, description="encoder: weight of words in which captions may contradict"
    )
    likeness: float = Field(
        0.75, ge=-1, le=1, description="encoder: cosine to the target's image, at least"
    )
    likeness_alone: float = Field(
        0.88,
        ge=-1,
        le=1,
        description="the same where a caption is missing, so that pictures decide",
    )
    captions: bool = Field(False, description="llm: the model reads the images' captions, too")
    max_pixels: int = Field(262_144, ge=4096, description="larger images are shown reduced to this")
    asking: AskingConfig = AskingConfig(max_tokens=256)
    chat: ChatConfig = ChatConfig()


class GatingConfig(Part):
    """The gates over written instructions."""

    authors: Literal["llm", "all"] = Field(
        "llm",
        description="whose instructions pass the gates over texts; the rules' own fit by how they "
        "are made, but are short and much alike, which the thresholds for models would punish",
    )
    skip: tuple[GateName, ...] = Field((), description="gates that are left out")
    min_kept: int = Field(
        1, ge=1, description="instructions that a pair must keep, or it is left out"
    )

    min_words: int = Field(2, ge=0)
    max_words: int = Field(40, ge=1, description="an instruction of a search, not a story")
    min_chars: int = Field(4, ge=0)
    max_chars: int = Field(300, ge=1)
    language_share: float = Field(
        0.5, ge=0, le=1, description="of letters in the script, of frequent words in English; below"
    )
    copy_words: int = Field(3, ge=2, description="content words in a row that tell a copy")
    copy_share: float = Field(
        0.5, ge=0, le=1, description="of content words that may be copied from prompt or pool"
    )
    leaked_words: int = Field(
        0, ge=0, description="words of the source alone that an instruction may name"
    )
    names_target: bool = Field(
        False,
        description="an instruction must name something that only the target has, in the words of "
        "the description: for small models, which cannot say it otherwise",
    )
    alike: float = Field(
        0.75, gt=0, le=1, description="Jaccard index from which two of a pair say the same"
    )
    answerable: AnswerableConfig = AnswerableConfig()
    least_lead: float = Field(
        0.25,
        description="standard deviations of a gallery's scores by which the text alone must put "
        "the target above the query image; in the spaces of `answerable`",
    )
    judging: JudgingConfig = JudgingConfig()

    floor: float = Field(
        0.2, ge=0, le=1, description="share of pairs that must pass; below, nothing is trained"
    )
    floor_least: int = Field(50, ge=1, description="pairs below which a share says nothing")
    floor_action: Literal["untrained", "stop"] = Field(
        "untrained", description="publish the untrained retriever and say so, or stop the run"
    )

    @model_validator(mode="after")
    def _bounds_are_in_order(self) -> "GatingConfig":
        for unit in ("words", "chars"):
            low, high = getattr(self, f"min_{unit}"), getattr(self, f"max_{unit}")
            if low > high:
                raise ValueError(f"min_{unit} {low} is above max_{unit} {high}")
        return self

    def runs(self, gate: GateName) -> bool:
        """Say whether a gate is switched on."""
        asked = self.names_target if gate == "naming" else True
        return asked and gate not in self.skip
