"""Edits of the manner: blurred, in blocks, as lines, as a poster, with grain.

Knows pixels and numbers; knows no phrasing. Sizes are shares of the picture's longest side, so
that a thumbnail and a photograph look alike. H height, W width, C = 3.
"""

import numpy as np

from pairmill.editing.pixels import Pixels, as_bytes, luminance, resized, softened


def blur(pixels_HWC: Pixels, share: float = 0.025) -> Pixels:
    """Return the picture out of focus: a Gaussian with that share of the side as its radius."""
    return softened(pixels_HWC, share * max(pixels_HWC.shape[:2]))


def pixelate(pixels_HWC: Pixels, blocks: int = 16) -> Pixels:
    """Return the picture as so many square blocks along its longest side."""
    height, width = pixels_HWC.shape[:2]
    side = max(height, width) / blocks
    coarse = resized(pixels_HWC, (max(1, round(width / side)), max(1, round(height / side))))
    rows = np.minimum(np.arange(height) * coarse.shape[0] // height, coarse.shape[0] - 1)
    columns = np.minimum(np.arange(width) * coarse.shape[1] // width, coarse.shape[1] - 1)
    return np.ascontiguousarray(coarse[rows][:, columns])


def line_drawing(pixels_HWC: Pixels, darkness: float = 1.6) -> Pixels:
    """Return dark lines on white where the luminance changes; darkness above 0."""
    fine = softened(pixels_HWC, max(0.5, 0.004 * max(pixels_HWC.shape[:2])))
    wide = np.pad(luminance(fine), 1, mode="edge")
    edge_HW = np.hypot(wide[2:, 1:-1] - wide[:-2, 1:-1], wide[1:-1, 2:] - wide[1:-1, :-2]) / 2
    strong = max(float(np.percentile(edge_HW, 97)), 4.0)  # a level a pixel: plain is no line
    ink_HW = np.clip((edge_HW / strong - 0.12) * darkness, 0, 1)
    grey_HW = as_bytes(255 * (1 - ink_HW))
    return np.repeat(grey_HW[..., None], 3, axis=2)


def poster(pixels_HWC: Pixels, levels: int = 3) -> Pixels:
    """Return few flat colours: so many levels a channel, smoothed before they are cut."""
    smooth = softened(pixels_HWC, 0.008 * max(pixels_HWC.shape[:2])).astype(np.float32)
    step = 255 / (levels - 1)
    return as_bytes(np.rint(smooth / step) * step)


def grain(pixels_HWC: Pixels, strength: float = 38.0) -> Pixels:
    """Return the picture under film grain of so many levels, the same for equal sizes."""
    height, width = pixels_HWC.shape[:2]
    noise = np.random.Generator(np.random.Philox(key=height * 65_537 + width))
    grain_HW1 = noise.normal(0, strength, (height, width, 1))
    return as_bytes(pixels_HWC.astype(np.float32) + grain_HW1)
