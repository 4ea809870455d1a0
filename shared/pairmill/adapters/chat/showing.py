"""Show stored images to a model: reduced to a limit of pixels, as JPEG, read when asked about.

Knows image records and how to decode; where the bytes lie is told by whoever calls.
"""

import math
from collections.abc import Callable
from functools import partial

from PIL import Image

from pairmill.adapters.chat.questions import Shown
from pairmill.core.errors import RejectError
from pairmill.core.records import ImageRecord
from pairmill.decode import Limits, decode
from pairmill.decode.jpeg import to_jpeg
from pairmill.ports.chat import Picture

Pictures = Callable[[ImageRecord], bytes]
"""Returns an image's bytes, such as `pairmill.pipeline.images.Images.read`; may raise RejectError.
"""

ENCODING = "jpeg/1"
"""Raise the number when an image would be shown otherwise."""
NO_LIMITS = Limits(max_bytes=2**62, max_pixels=2**62)
"""Ingest has applied the run's limits."""


def show(image: ImageRecord, pictures: Pictures, max_pixels: int) -> Shown:
    """Return the image as a picture of at most `max_pixels` pixels, width times height.

    Its `load` raises RejectError `undecodable`, or what `pictures` raises.
    """
    digest = f"{image.image_id}/{ENCODING}/{max_pixels}"
    return Shown(digest=digest, load=partial(_load, image, pictures, max_pixels))


def _load(image: ImageRecord, pictures: Pictures, max_pixels: int) -> Picture:
    data = pictures(image)
    try:
        pixels = decode(data, NO_LIMITS).image
    except RejectError as error:
        raise RejectError("undecodable", error) from None
    return Picture(data=to_jpeg(reduced(pixels, max_pixels)), media_type="image/jpeg")


def reduced(pixels: Image.Image, max_pixels: int) -> Image.Image:
    """Return an image of at most that many pixels, its sides in proportion; no smaller one grows.

    Sides are rounded down, and have one pixel at least.
    """
    width, height = pixels.size
    scale = math.sqrt(max_pixels / (width * height))
    if scale >= 1:
        return pixels
    size = max(1, int(width * scale)), max(1, int(height * scale))
    return pixels.resize(size, Image.Resampling.LANCZOS)
