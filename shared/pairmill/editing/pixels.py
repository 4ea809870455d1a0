"""What every edit asks of a picture: luminance, the ground's colour, the thing on it, new sizes.

Knows numpy and Pillow; knows no operation, no words, no store. H height, W width, C = 3 colours,
sRGB from 0 to 255, as bytes.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Pixels = NDArray[np.uint8]
Colour = tuple[int, int, int]
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601, table 1
_NEAR, _FAR = 18.0, 48.0  # levels: below it is ground (JPEG noise included), above it is thing
_COARSE = 96  # pixels of the longest side on which the ground is followed from the border


def to_pixels(image: Image.Image) -> Pixels:
    """Return the pixels of an RGB image, (H, W, 3)."""
    return np.asarray(image.convert("RGB"))


def as_bytes(values: NDArray[np.floating]) -> Pixels:
    """Return levels rounded and cut to 0 … 255."""
    rounded: Pixels = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return rounded


def luminance(pixels_HWC: Pixels) -> NDArray[np.float32]:
    """Return the luma of every pixel, (H, W), 0 … 255."""
    parts_HWC = pixels_HWC.astype(np.float32) * _LUMA
    # not a matrix product, whose last bits depend on where in memory the pixels lie
    found: NDArray[np.float32] = parts_HWC[..., 0] + parts_HWC[..., 1] + parts_HWC[..., 2]
    return found


def border(pixels_HWC: Pixels) -> Pixels:
    """Return the pixels of the picture's edge, (N, 3)."""
    thick = max(1, round(min(pixels_HWC.shape[:2]) * 0.02))
    strips = (
        pixels_HWC[:thick],
        pixels_HWC[-thick:],
        pixels_HWC[:, :thick],
        pixels_HWC[:, -thick:],
    )
    return np.concatenate([strip.reshape(-1, 3) for strip in strips])


def ground_colour(pixels_HWC: Pixels) -> NDArray[np.float32]:
    """Return the median colour of the border, (3,)."""
    middle: NDArray[np.float32] = np.median(border(pixels_HWC), axis=0).astype(np.float32)
    return middle


def thing_mask(pixels_HWC: Pixels) -> NDArray[np.float32]:
    """Return how far each pixel differs from the border's colour, (H, W), 0 ground … 1 thing."""
    away = np.abs(pixels_HWC.astype(np.float32) - ground_colour(pixels_HWC)).max(axis=2)
    ramp: NDArray[np.float32] = np.clip((away - _NEAR) / (_FAR - _NEAR), 0, 1)
    return ramp


def cut_out_mask(pixels_HWC: Pixels) -> NDArray[np.float32]:
    """Return the thing without holes, (H, W): ground is only what hangs together with the border.

    The white of an eye stays the eye's, although the ground is white.
    """
    mask_HW = thing_mask(pixels_HWC)
    height, width = mask_HW.shape
    scale = _COARSE / max(height, width)
    coarse_size = (max(2, round(width * scale)), max(2, round(height * scale)))
    coarse = resized_plane(mask_HW, coarse_size)
    reached = _from_border(coarse < 0.5)
    near = resized_plane(_grown(reached).astype(np.float32), (width, height))
    kept: NDArray[np.float32] = 1 - (1 - mask_HW) * (near > 0.5)
    return kept


def _from_border(open_HW: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the open pixels that a path through open pixels joins to the border."""
    reached = np.zeros_like(open_HW)
    reached[[0, -1]] = open_HW[[0, -1]]
    reached[:, [0, -1]] = open_HW[:, [0, -1]]
    while True:
        grown = _grown(reached) & open_HW
        if (grown == reached).all():
            return reached
        reached = grown


def _grown(mask_HW: NDArray[np.bool_]) -> NDArray[np.bool_]:
    wide = np.pad(mask_HW, 1)
    around: NDArray[np.bool_] = (
        mask_HW | wide[:-2, 1:-1] | wide[2:, 1:-1] | wide[1:-1, :-2] | wide[1:-1, 2:]
    )
    return around


def thing_share(pixels_HWC: Pixels) -> float:
    """Return the share of the picture that differs from the border's colour."""
    return float(thing_mask(pixels_HWC).mean())


def stands_free(pixels_HWC: Pixels) -> bool:
    """Say whether a thing stands on a ground plain enough to colour the thing alone."""
    return _plain(pixels_HWC, _FAR) >= 0.6 and 0.03 <= thing_share(pixels_HWC) <= 0.85


def stands_clear(pixels_HWC: Pixels) -> bool:
    """Say whether the ground is so even that the thing can be cut out of it with a clean edge."""
    mask_HW = thing_mask(pixels_HWC)
    unsure = ((mask_HW > 0.1) & (mask_HW < 0.9)).mean()
    return _plain(pixels_HWC, _NEAR) >= 0.9 and unsure < 0.08 and stands_free(pixels_HWC)


def _plain(pixels_HWC: Pixels, within: float) -> float:
    """Return the share of the border that is within so many levels of its median colour."""
    away = np.abs(border(pixels_HWC).astype(np.float32) - ground_colour(pixels_HWC)).max(axis=1)
    return float((away < within).mean())


def resized(pixels_HWC: Pixels, size: tuple[int, int]) -> Pixels:
    """Return the picture at (width, height)."""
    image = Image.fromarray(pixels_HWC).resize(size, Image.Resampling.LANCZOS)
    return np.asarray(image)


def resized_plane(plane_HW: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Return one plane of numbers at (width, height)."""
    image = Image.fromarray(plane_HW).resize(size, Image.Resampling.BILINEAR)
    return np.asarray(image)


def softened(pixels_HWC: Pixels, radius: float) -> Pixels:
    """Return the picture under a Gaussian of so many pixels."""
    return np.asarray(Image.fromarray(pixels_HWC).filter(ImageFilter.GaussianBlur(radius)))


def canvas(pixels_HWC: Pixels) -> Pixels:
    """Return an empty picture of the same size in the border's colour."""
    return np.broadcast_to(as_bytes(ground_colour(pixels_HWC)), pixels_HWC.shape).copy()
