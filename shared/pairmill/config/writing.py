"""Who writes captions, describes pairs and writes instructions. Values and their bounds only."""

from typing import Literal

from pydantic import Field

from pairmill.config.part import Part


class CaptioningConfig(Part):
    """Captions that the machine makes for images that came without one; marked and kept apart."""

    captioner: Literal["rules", "none"] = Field(
        "rules", description="rules: ImageNet classes, main colours, names of files, dates"
    )
    min_probability: float = Field(
        0.5, ge=0.5, le=1, description="of what an image is said to show; else a broader name"
    )
    southern: bool = Field(False, description="seasons are those of the southern half of the earth")


class DescribingConfig(Part):
    """Who says what a pair's images share and differ in."""

    describer: Literal["rules"] = "rules"
    max_differences: int = Field(2, ge=1, description="pairs that differ in more are rejected")


class InstructingConfig(Part):
    """Who writes the instructions, and how many."""

    instructor: Literal["rules", "templates"] = Field(
        "rules", description="templates: the target's caption in three fixed frames, a baseline"
    )
    per_pair: int = Field(3, ge=3, le=20)
    max_chars: int = Field(300, ge=20)
