"""Which images are edited, how often and how. Values and their bounds only."""

from typing import Literal

from pydantic import Field

from pairmill.config.part import Part

OperationName = Literal[
    "recolour", "tint", "sepia", "light", "contrast", "greyscale", "saturation", "warmth",
    "negative", "ground", "silhouette", "frame", "zoom", "part", "mirror", "turn", "tilt", "count",
    "place", "stretch", "blur", "pixels", "lines", "poster", "grain",
]  # fmt: skip
"""The operations of `pairmill.editing`, which this file may not import; a test compares them."""


class EditingConfig(Part):
    """A second source of triplets: real images and their edits, instructions known."""

    max_images: int = Field(
        1500, ge=0, description="images that are edited, drawn by id; 0 turns editing off"
    )
    per_image: int = Field(3, ge=2, le=16, description="edits an image, of different operations")
    operations: tuple[OperationName, ...] = Field((), description="empty means all of them")
