"""Turn whatever Pillow loaded into upright RGB pixels on white. Knows no bytes and no limits."""

import io

import numpy as np
from PIL import Image, ImageCms
from PIL.Image import Transpose

from pairmill.decode.quiet import FAULTS

_OPAQUE = 255
FIRST_SIDEWAYS = 5
TURNS = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}


def on_white(image: Image.Image) -> tuple[Image.Image, bool]:
    """Return RGB (or CMYK as it was) and whether white shows through."""
    if image.mode.startswith("I;16"):
        high_byte = (np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8)
        return Image.fromarray(high_byte).convert("RGB"), False
    if not image.has_transparency_data:
        return (image if image.mode == "CMYK" else image.convert("RGB")), False
    rgba = image.convert("RGBA")
    if np.asarray(rgba.getchannel("A")).min() == _OPAQUE:
        return rgba.convert("RGB"), False
    white = Image.new("RGBA", rgba.size, "white")
    return Image.alpha_composite(white, rgba).convert("RGB"), True


def to_srgb(pixels: Image.Image, image: Image.Image) -> Image.Image:
    """Return pixels in sRGB; where a profile is absent, plain or unreadable, as they are."""
    icc = image.info.get("icc_profile")
    if icc and image.mode != "L":
        try:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
            if "sRGB" not in ImageCms.getProfileDescription(profile):
                target = ImageCms.createProfile("sRGB")
                done = ImageCms.profileToProfile(pixels, profile, target, outputMode="RGB")
                return done or pixels.convert("RGB")
        except (ImageCms.PyCMSError, *FAULTS):
            pass  # a profile that fits another kind of pixels, or is broken, says nothing
    return pixels.convert("RGB")
