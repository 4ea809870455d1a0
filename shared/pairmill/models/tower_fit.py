"""Bring an RGB picture to the square that a published tower was trained on. Knows no tensor."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

FITTING = "resized by Pillow, then the middle; over 8 to 1 the middle alone; version 1"
"""Named in every space of images that are fitted here; a change of `Fit` changes it."""

LONGEST = 8
"""Times its shorter side: an image that is longer is not resized whole. One of 1 x 3000 pixels
would be blown up to 224 x 672,000 only to be cut to a square."""


def middle_rounded(spare: int) -> int:
    """Return where torchvision's CenterCrop begins; spare: pixels left over."""
    return round(spare / 2)


def middle_floored(spare: int) -> int:
    """Return where transformers' center_crop begins; spare: pixels left over."""
    return spare // 2


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Resize, then cut out the middle: to the pixel what a model's own library does.

    side: pixels of the square. shortest: pixels that the shorter side is resized to before the
    middle is cut out; 0 squashes the whole image. middle: where the cut begins.
    """

    side: int
    shortest: int = 0
    resample: Image.Resampling = Image.Resampling.BICUBIC
    middle: Callable[[int], int] = middle_rounded

    @property
    def longest_side(self) -> int:
        """Pixels of a longest side that are seen, the shorter one being half of it at least."""
        return max(self.side, 2 * self.shortest)

    def __call__(self, image: Image.Image) -> NDArray[np.uint8]:
        """Return the pixels, (side, side, 3) uint8."""
        square, short = (self.side, self.side), min(image.size)
        if not self.shortest:
            return np.asarray(image.resize(square, self.resample))
        size = width, height = tuple(self._resized(length, short) for length in image.size)
        left, top = (self.middle(length - self.side) for length in size)
        box = (left, top, left + self.side, top + self.side)
        if max(size) <= LONGEST * min(size):
            return np.asarray(image.resize((width, height), self.resample).crop(box))
        across, down = image.width / width, image.height / height
        seen = (box[0] * across, box[1] * down, box[2] * across, box[3] * down)
        return np.asarray(image.resize(square, self.resample, seen))

    def _resized(self, length: int, short: int) -> int:
        """Return what a side is resized to, given the shorter one."""
        return self.shortest if length == short else int(self.shortest * length / short)
