"""Edits of colour and light: every function takes pixels and a free parameter, and gives pixels.

Knows pixels and numbers; knows no names of colours and no phrasing. H height, W width, C = 3.
"""

import numpy as np
from numpy.typing import NDArray

from pairmill.editing.pixels import (
    Colour,
    Pixels,
    as_bytes,
    cut_out_mask,
    luminance,
    thing_mask,
)

_FLOOR = 30.0  # levels: keeps the noise of a black thing from becoming the shading of a bright one


def recolour(pixels_HWC: Pixels, rgb: Colour) -> Pixels:
    """Return the thing in another colour: all that differs from the border's median colour.

    Shading stays: the thing's median luminance becomes the colour, what is darker goes to black
    and what is lighter to white, so that the eyes of a face stay black and its teeth white.
    """
    mask_HW = thing_mask(pixels_HWC)
    return _mixed(pixels_HWC, _shaded(luminance(pixels_HWC), mask_HW, rgb), mask_HW)


def _shaded(
    luma_HW: NDArray[np.float32], mask_HW: NDArray[np.float32], rgb: Colour
) -> NDArray[np.float32]:
    inside = luma_HW[mask_HW > 0.5]
    middle = float(np.median(inside)) if inside.size else 128.0
    dark_HW = np.minimum((luma_HW + _FLOOR) / (middle + _FLOOR), 1)[..., None]
    light_HW = np.clip((luma_HW - middle) / (255 + _FLOOR - middle), 0, 1)[..., None]
    colour_HWC = np.asarray(rgb, dtype=np.float32) * dark_HW
    shaded: NDArray[np.float32] = colour_HWC + (255 - colour_HWC) * light_HW
    return shaded


def _mixed(
    pixels_HWC: Pixels, other_HWC: NDArray[np.floating], share_HW: NDArray[np.float32]
) -> Pixels:
    own = pixels_HWC.astype(np.float32)
    return as_bytes(own + (other_HWC - own) * share_HW[..., None])


def tint(pixels_HWC: Pixels, rgb: Colour, strength: float = 0.6) -> Pixels:
    """Return the whole picture, ground included, as through glass of that colour.

    strength: 0 … 1.
    """
    glass_HWC = luminance(pixels_HWC)[..., None] / 255 * np.asarray(rgb, dtype=np.float32)
    share_HW = np.full(pixels_HWC.shape[:2], strength, dtype=np.float32)
    return _mixed(pixels_HWC, glass_HWC, share_HW)


def brighten(pixels_HWC: Pixels, factor: float) -> Pixels:
    """Return every level times `factor`: below 1 darker, above 1 brighter."""
    return as_bytes(pixels_HWC.astype(np.float32) * factor)


def contrast(pixels_HWC: Pixels, factor: float) -> Pixels:
    """Return the levels drawn apart from the mean luminance (above 1) or towards it (below 1)."""
    mean = float(luminance(pixels_HWC).mean())
    return as_bytes(mean + (pixels_HWC.astype(np.float32) - mean) * factor)


def saturate(pixels_HWC: Pixels, factor: float) -> Pixels:
    """Return the colours drawn apart from grey (above 1) or towards it; 0 is black and white."""
    grey_HW1 = luminance(pixels_HWC)[..., None]
    return as_bytes(grey_HW1 + (pixels_HWC.astype(np.float32) - grey_HW1) * factor)


def warm(pixels_HWC: Pixels, amount: float) -> Pixels:
    """Return redder, less blue light (amount above 0, to 1) or bluer, less red light (below 0)."""
    gains = np.array([1 + 0.35 * amount, 1 + 0.05 * amount, 1 - 0.45 * amount], dtype=np.float32)
    return as_bytes(pixels_HWC.astype(np.float32) * np.minimum(gains, 1.25))


def invert(pixels_HWC: Pixels) -> Pixels:
    """Return the negative."""
    return as_bytes(255.0 - pixels_HWC.astype(np.float32))


def change_ground(pixels_HWC: Pixels, rgb: Colour) -> Pixels:
    """Return the thing cut out and set on a ground of that colour."""
    ground_HWC = np.broadcast_to(np.asarray(rgb, dtype=np.float32), pixels_HWC.shape)
    return _mixed(pixels_HWC, ground_HWC, 1 - cut_out_mask(pixels_HWC))


def silhouette(pixels_HWC: Pixels, rgb: Colour = (16, 16, 18)) -> Pixels:
    """Return the thing as a flat shape of one colour on white."""
    white_HWC = np.full(pixels_HWC.shape, 255.0, dtype=np.float32)
    shape_HWC = np.broadcast_to(np.asarray(rgb, dtype=np.float32), pixels_HWC.shape)
    return _mixed(as_bytes(white_HWC), shape_HWC, cut_out_mask(pixels_HWC))
