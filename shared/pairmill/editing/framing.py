"""Edits of place and frame: nearer, farther, turned, several times, a part.

Knows pixels and numbers; knows no phrasing. What comes free takes the colour of the border. H
height, W width, C = 3.
"""

from typing import Literal

import numpy as np
from PIL import Image

from pairmill.editing.pixels import (
    Colour,
    Pixels,
    canvas,
    ground_colour,
    resized,
)

Side = Literal["left", "right", "top", "bottom"]


def zoom(pixels_HWC: Pixels, factor: float) -> Pixels:
    """Return the middle enlarged (factor above 1) or the picture smaller in its frame (below 1)."""
    height, width = pixels_HWC.shape[:2]
    if factor < 1:
        return place(pixels_HWC, (0.5, 0.5), factor)
    tall, wide = max(1, round(height / factor)), max(1, round(width / factor))
    top, left = (height - tall) // 2, (width - wide) // 2
    return resized(pixels_HWC[top : top + tall, left : left + wide], (width, height))


def place(pixels_HWC: Pixels, at: tuple[float, float], scale: float) -> Pixels:
    """Return the picture smaller by `scale`, at (x, y) of the room left: 0 left or top, 1 right."""
    height, width = pixels_HWC.shape[:2]
    small = resized(pixels_HWC, (max(1, round(width * scale)), max(1, round(height * scale))))
    room = canvas(pixels_HWC)
    top = round((height - small.shape[0]) * at[1])
    left = round((width - small.shape[1]) * at[0])
    room[top : top + small.shape[0], left : left + small.shape[1]] = small
    return room


def copies(pixels_HWC: Pixels, num: int) -> Pixels:
    """Return so many copies side by side, in as many rows as keep them largest."""
    height, width = pixels_HWC.shape[:2]
    columns = num if num <= 2 else int(np.ceil(np.sqrt(num)))
    rows = -(-num // columns)
    scale = 0.96 / max(columns, rows)
    tile = resized(pixels_HWC, (max(1, round(width * scale)), max(1, round(height * scale))))
    room = canvas(pixels_HWC)
    for number in range(num):
        row = number // columns
        in_row = min(columns, num - row * columns)
        left = round(width * (number % columns + 0.5) / in_row - tile.shape[1] / 2)
        top = round(height * (row + 0.5) / rows - tile.shape[0] / 2)
        left, top = max(0, left), max(0, top)
        part = room[top : top + tile.shape[0], left : left + tile.shape[1]]
        part[:] = tile[: part.shape[0], : part.shape[1]]
    return room


def part(pixels_HWC: Pixels, side: Side, share: float = 0.5) -> Pixels:
    """Return one side of the picture alone; its size is that of the part."""
    height, width = pixels_HWC.shape[:2]
    tall, wide = max(1, round(height * share)), max(1, round(width * share))
    rows = {"top": slice(tall), "bottom": slice(height - tall, height)}.get(side, slice(height))
    columns = {"left": slice(wide), "right": slice(width - wide, width)}.get(side, slice(width))
    return np.ascontiguousarray(pixels_HWC[rows, columns])


def flip(pixels_HWC: Pixels) -> Pixels:
    """Return the picture mirrored, left for right."""
    return np.ascontiguousarray(pixels_HWC[:, ::-1])


def turn(pixels_HWC: Pixels, quarters: int) -> Pixels:
    """Return the picture turned to the left by so many quarters; 2 is upside down."""
    return np.ascontiguousarray(np.rot90(pixels_HWC, quarters))


def tilt(pixels_HWC: Pixels, degrees: float) -> Pixels:
    """Return the picture tilted to the left (above 0) or right, corners in the border's colour."""
    red, green, blue = (round(float(level)) for level in ground_colour(pixels_HWC))
    image = Image.fromarray(pixels_HWC)
    done = image.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=(red, green, blue))
    return np.asarray(done)


def stretch(pixels_HWC: Pixels, factor: float) -> Pixels:
    """Return the picture squeezed flat and wide (factor above 1) or narrow and tall (below 1)."""
    height, width = pixels_HWC.shape[:2]
    wide, tall = min(1.0, factor), min(1.0, 1 / factor)
    small = resized(pixels_HWC, (max(1, round(width * wide)), max(1, round(height * tall))))
    room = canvas(pixels_HWC)
    top, left = (height - small.shape[0]) // 2, (width - small.shape[1]) // 2
    room[top : top + small.shape[0], left : left + small.shape[1]] = small
    return room


def frame(pixels_HWC: Pixels, rgb: Colour, share: float = 0.09) -> Pixels:
    """Return the picture within a thick frame of that colour; share of the shorter side."""
    height, width = pixels_HWC.shape[:2]
    thick = max(1, round(min(height, width) * share))
    framed = np.broadcast_to(np.asarray(rgb, dtype=np.uint8), pixels_HWC.shape).copy()
    inner = (max(1, width - 2 * thick), max(1, height - 2 * thick))
    small = resized(pixels_HWC, inner)
    top, left = min(thick, height - inner[1]), min(thick, width - inner[0])
    framed[top : top + inner[1], left : left + inner[0]] = small
    return framed
