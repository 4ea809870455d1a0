"""Make smooth random fields. Knows a size and a generator; knows no picture."""

import numpy as np
from numpy.random import Generator
from PIL import Image

from services.standalone.sample.arrays import Field


def smooth_noise(rng: Generator, shape: tuple[int, int], cell: float) -> Field:
    """A field in about −1 to 1 whose bumps are `cell` pixels wide."""
    height, width = shape
    grid = rng.random((round(height / cell) + 2, round(width / cell) + 2), dtype=np.float32) * 2 - 1
    image = Image.fromarray(grid).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(image)


def grain(rng: Generator, shape: tuple[int, int]) -> Field:
    """Independent noise per pixel, −1 to 1."""
    return rng.random(shape, dtype=np.float32) * 2 - 1
