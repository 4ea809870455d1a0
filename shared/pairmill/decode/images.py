"""Decode image bytes that nobody vouches for: upright, RGB, on white, within limits.

Knows Pillow and pillow-heif; knows no file, no store and no stage. Every fault of the bytes is
a RejectError with the name of its rule; nothing is decoded before its header has passed.
"""

import io
from dataclasses import dataclass
from typing import Protocol

import pillow_heif
from PIL import Image

from pairmill.core.errors import FormatError, RejectError
from pairmill.decode.dates import taken_at
from pairmill.decode.pixels import FIRST_SIDEWAYS, TURNS, on_white, to_srgb
from pairmill.decode.quiet import FAULTS, QUIET
from pairmill.decode.signatures import image_format, stated_size

Image.init()
pillow_heif.register_heif_opener()

ENDINGS = {
    "jpeg": "jpg", "mpo": "jpg", "png": "png", "webp": "webp", "gif": "gif", "bmp": "bmp",
    "tiff": "tif", "heif": "heic", "avif": "avif",
}  # fmt: skip
"""The formats that are read, and the ending under which each is stored."""

_MODES = {"1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr"}
_ORIENTATION, _GPS, _GPS_VERSION = 0x0112, 0x8825, 0  # EXIF 3.0, tables 3 and 15


class Bounds(Protocol):
    """Whatever names the limits, such as `Limits` or a run's `ingest` configuration."""

    @property
    def max_bytes(self) -> int:
        """Bytes, at most."""
        ...

    @property
    def max_pixels(self) -> int:
        """Width times height, at most."""
        ...

    @property
    def min_side(self) -> int:
        """Pixels of the shorter side, at least."""
        ...


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What is decoded at all. Above `max_pixels` Pillow's own 178,956,970 pixels hold too.

    min_side: pixels of the shorter side.
    """

    max_bytes: int = 64 * 2**20
    max_pixels: int = 100_000_000
    min_side: int = 1


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """An upright RGB image and what its bytes were.

    format: a key of ENDINGS. width, height: pixels, upright, before any reduction. turned: EXIF
    turned it. transparent: some pixel let white through. located: it tells where it was taken,
    or its EXIF cannot be read to the end. auxiliary: it holds further images. taken: when, in
    ISO 8601, or empty.
    """

    image: Image.Image
    format: str
    width: int
    height: int
    turned: bool
    transparent: bool
    located: bool
    auxiliary: bool
    taken: str = ""


def decode(data: bytes, limits: Bounds, *, fit: int = 0) -> Decoded:
    """Return the image upright, in RGB, on white, in sRGB where a colour profile says how.

    fit: where not 0, a JPEG may come out reduced, as long as its longest side stays above twice
    `fit` pixels. Raises RejectError: `too_many_bytes`, `too_many_pixels`, `too_small`,
    `animated`, `raw`, `video`, `unknown_format`, `not_an_image`, `broken`.
    """
    if len(data) > limits.max_bytes:
        raise RejectError("too_many_bytes", len(data))
    kind = image_format(data)
    _check_pixels(stated_size(data, kind), limits)
    with QUIET, _open(data, kind) as image:
        _check(image, limits)
        try:
            return _decode(image, data, fit)
        except FAULTS as error:
            raise RejectError("broken", f"{kind}: {error}") from None


def open_stored(data: bytes) -> Image.Image:
    """Return the upright RGB image of bytes that ingest has accepted.

    Raises FormatError where they do not decode any more.
    """
    try:
        return decode(data, Limits(max_bytes=len(data), max_pixels=2**62)).image
    except RejectError as error:
        raise FormatError(
            f"a stored image is not what it was ({error}): restore the store, or run anew"
        ) from None


def _open(data: bytes, kind: str) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=(kind,))
    except Image.DecompressionBombError:
        raise RejectError("too_many_pixels", "more than 178956970") from None
    except FAULTS as error:
        raise RejectError("broken", f"{kind}: {type(error).__name__} in its header") from None


def _check_pixels(size: tuple[int, int], limits: Bounds) -> None:
    if size[0] * size[1] > limits.max_pixels:
        raise RejectError("too_many_pixels", f"{size[0]}x{size[1]}")


def _check(image: Image.Image, limits: Bounds) -> None:
    """Reject by what the header says."""
    _check_pixels(image.size, limits)
    width, height = image.size
    if min(width, height) < limits.min_side:
        raise RejectError("too_small", f"{width}x{height}")
    try:
        moving = image.format not in ("MPO", "HEIF") and getattr(image, "is_animated", False)
    except FAULTS as error:
        raise RejectError("broken", f"{image.format}: {error}") from None
    if moving:
        raise RejectError("animated", f"{image.format} of more than one frame")
    if image.mode not in _MODES and not image.mode.startswith("I;16"):
        raise RejectError("unknown_format", f"{image.format} with pixels of mode {image.mode}")


def _decode(image: Image.Image, data: bytes, fit: int) -> Decoded:
    kind = image.format or ""
    auxiliary = getattr(image, "n_frames", 1) > 1
    (orientation, located), taken = _read_exif(image), taken_at(image)
    header_size, drafted = image.size, _draft(image, fit)
    image.load()
    located = located or b"GPSLatitude" in data or _tells_a_place(image)
    rgb, transparent = on_white(image)
    rgb = to_srgb(rgb, image)
    width, height = header_size if drafted else rgb.size  # HEIF knows its size once loaded
    if orientation in TURNS and kind != "TIFF":  # Pillow turns a TIFF while loading it
        rgb = rgb.transpose(TURNS[orientation])
        width, height = (height, width) if orientation >= FIRST_SIDEWAYS else (width, height)
    return Decoded(
        image=rgb, format=kind.lower(), width=width, height=height,
        turned=orientation in TURNS, transparent=transparent, located=located,
        auxiliary=auxiliary, taken=taken,
    )  # fmt: skip


def _draft(image: Image.Image, fit: int) -> bool:
    """Let a JPEG decode reduced, to no less than twice `fit` pixels; say whether it will."""
    width, height = image.size
    longest = max(width, height)
    if not fit or image.format not in ("JPEG", "MPO") or longest <= 2 * fit:
        return False
    wanted = (-(-width * 2 * fit // longest), -(-height * 2 * fit // longest))
    return image.draft(None, wanted) is not None


def _read_exif(image: Image.Image) -> tuple[int, bool]:
    """Return the EXIF orientation and whether a location stands there, or cannot be ruled out."""
    try:
        exif = image.getexif()
        located = any(tag != _GPS_VERSION for tag in exif.get_ifd(_GPS))
        unread = bool(image.info.get("exif")) and not len(exif)
        return int(exif.get(_ORIENTATION, 1)), located or unread
    except FAULTS:
        return 1, True


def _tells_a_place(image: Image.Image) -> bool:
    """Say whether a text beside the pixels, such as XMP, holds a latitude."""
    found = (value for value in image.info.values() if isinstance(value, (bytes, str)))
    texts = (v if isinstance(v, bytes) else v.encode("utf-8", "replace") for v in found)
    return any(b"GPSLatitude" in text for text in texts)
