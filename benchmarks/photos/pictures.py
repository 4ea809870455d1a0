"""Photographs of the shared corpus and the copies that a query may ask for. Knows pixels and
words; knows no encoder and no head.

No head of ours was trained with these colours or phrasings, nor with these photographs.
"""

# H height, W width, C channels

import io
import json
import os
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pairmill.core.ids import image_id, order_key
from pairmill.editing import brighten, line_drawing, recolour, zoom

Pixels = NDArray[np.uint8]
PHOTOS = Path(os.environ.get("PAIRMILL_CORPORA", "../shared/corpora")) / "clothing-small"
SPLITS = ("validation", "test")
NUM_EDITED = 200

WORDS = {
    "dress": "dress", "hat": "hat", "longsleeve": "long sleeve shirt", "outwear": "jacket",
    "pants": "pants", "shirt": "shirt", "shoes": "shoes", "shorts": "shorts", "skirt": "skirt",
    "t-shirt": "t-shirt",
}  # fmt: skip
"""A category of the corpus, and the word that a user types for it."""

COLOURS = {
    "crimson": (220, 20, 60), "light green": (144, 238, 144), "deep blue": (16, 40, 150),
    "pale purple": (205, 170, 235), "bright yellow": (255, 234, 0),
}  # fmt: skip
"""Colours whose names the head never met, though it met words that they are made of, or near."""

STRANGE = {
    "crimson": (220, 20, 60), "turquoise": (64, 224, 208), "lavender": (181, 126, 220),
    "olive": (128, 128, 0), "gold": (255, 215, 0),
}  # fmt: skip
"""Colours named by a word of its own that the head never met, beside the figure: MiniLM takes
turquoise for a kind of blue, gold for a kind of silver, olive for ivory, and so must a head on it.
As CSS has them, but lavender: its CSS value is nearly white, this one is the flower's."""

COPIES: dict[str, Callable[[Pixels], Pixels]] = {
    **{name: partial(recolour, rgb=rgb) for name, rgb in {**COLOURS, **STRANGE}.items()},
    "much darker": partial(brighten, factor=0.35),
    "a little darker": partial(brighten, factor=0.7),
    "a little brighter": partial(brighten, factor=1.3),
    "much brighter": partial(brighten, factor=1.9),
    "much nearer": partial(zoom, factor=2.2),
    "a little nearer": partial(zoom, factor=1.3),
    "farther": partial(zoom, factor=0.55),
    "line drawing": line_drawing,
}
"""What is made of each edited photograph."""

GALLERIES = {
    "recolour": tuple(COLOURS),
    "recolour_strange": tuple(STRANGE),
    "brightness": ("much darker", "a little darker", "a little brighter", "much brighter"),
    "zoom": ("much nearer", "a little nearer", "farther"),
    "line_drawing": ("line drawing", "much darker", "much nearer"),
}
"""A task searches all photographs and these copies of the edited ones."""

ASKED = {
    "recolour": {f"the same in {colour}": colour for colour in COLOURS},
    "recolour_strange": {f"the same in {colour}": colour for colour in STRANGE},
    "brightness": {
        "the same picture, only much darker": "much darker",
        "the same picture, only much brighter": "much brighter",
    },
    "zoom": {
        "the same, seen from much nearer": "much nearer",
        "the same, seen from farther away": "farther",
    },
    "line_drawing": {"the same as a pencil sketch in outline": "line drawing"},
}
"""A task's instructions, and the copy that each should find."""


@dataclass(frozen=True, kw_only=True)
class Photo:
    """One photograph, RGB, and its category, which only tells right answers from wrong ones."""

    image_id: str
    category: str
    picture: Image.Image


def read_photos(folder: Path = PHOTOS) -> list[Photo]:
    """Return the photographs of validation and test, by id."""
    found = [photo for split in SPLITS for photo in _read_tar(folder / f"{split}-000.tar")]
    return sorted(found, key=lambda photo: photo.image_id)


def draw_rows(ids: list[str], num: int = NUM_EDITED) -> list[int]:
    """Return the rows of the photographs that are edited, drawn by id."""
    return sorted(range(len(ids)), key=lambda row: order_key(0, "quality-photos", ids[row]))[:num]


def _read_tar(path: Path) -> list[Photo]:
    with tarfile.open(path) as tar:
        data = {m.name: tar.extractfile(m).read() for m in tar.getmembers() if m.isfile()}  # type: ignore[union-attr]
    return [
        Photo(
            image_id=image_id(found),
            category=json.loads(data[Path(name).stem + ".json"])["category"],
            picture=Image.open(io.BytesIO(found)).convert("RGB"),
        )
        for name, found in data.items() if name.endswith(".jpg")
    ]  # fmt: skip
