import io
import struct
import subprocess
import sys
import warnings
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pillow_heif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from pairmill.core.errors import FormatError, RejectError
from pairmill.decode import ENDINGS, Decoded, Limits, decode, open_stored

LIMITS = Limits()
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><d exif:GPSLatitude="52,31N"/></x:xmpmeta>'


def picture(size: tuple[int, int] = (90, 60)) -> Image.Image:
    """Return a picture, blue at its upper left, red elsewhere."""
    image = Image.new("RGB", size, (220, 30, 30))
    image.paste((30, 30, 220), (0, 0, size[0] // 3, size[1] // 3))
    return image


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    sink = io.BytesIO()
    image.save(sink, kind, **options)
    return sink.getvalue()


def rule(data: bytes, limits: Limits = LIMITS) -> str:
    with pytest.raises(RejectError) as caught:
        decode(data, limits)
    return caught.value.rule


def exif(orientation: int = 1, gps: bool = False) -> Image.Exif:
    found = Image.Exif()
    found[0x010F] = "maker"
    found[0x0112] = orientation
    if gps:
        found.get_ifd(0x8825)[1] = "N"
        found.get_ifd(0x8825)[2] = (52.0, 31.0, 0.0)
    return found


def png_header(width: int, height: int) -> bytes:
    """Return a PNG of 1 MB of zeros' worth of pixels that claims any size."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head)
            + chunk(b"IDAT", zlib.compress(bytes(10**6))) + chunk(b"IEND", b""))  # fmt: skip


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "HEIF", "AVIF"])
def test_every_promised_format_decodes_to_the_picture_that_was_saved(kind: str) -> None:
    options = {} if kind in ("GIF", "BMP", "TIFF", "PNG") else {"quality": 95}
    found = decode(encoded(picture(), kind, **options), LIMITS)
    assert (found.format, found.width, found.height) == (kind.lower(), 90, 60)
    assert found.format in ENDINGS
    assert found.image.mode == "RGB"
    difference = np.abs(np.asarray(found.image).astype(int) - np.asarray(picture()).astype(int))
    assert difference.mean() < 6
    assert (found.turned, found.transparent, found.located, found.auxiliary) == (False,) * 4


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_exif_turns_the_image_upright(kind: str, orientation: int) -> None:
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Pillow's transposition that lays it down
    stored = picture() if orientation == 1 else picture().transpose(
        Image.Transpose(undo[orientation]))  # fmt: skip
    found = decode(encoded(stored, kind, exif=exif(orientation)), LIMITS)
    assert found.turned == (orientation != 1)
    assert (found.width, found.height) == found.image.size == (90, 60)
    blue, red = found.image.getpixel((8, 8)), found.image.getpixel((80, 50))
    assert blue[2] > 150 > blue[0]  # type: ignore[index]
    assert red[0] > 150 > red[2]  # type: ignore[index]


def test_a_heic_that_its_own_box_turns_is_upright_with_its_size() -> None:
    lying = picture().transpose(Image.Transpose.ROTATE_90)
    found = decode(encoded(lying, "HEIF", exif=exif(6).tobytes(), quality=90), LIMITS)
    assert (found.width, found.height) == found.image.size == (90, 60)
    assert found.image.getpixel((8, 8))[2] > 150  # type: ignore[index]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF", "AVIF"])
def test_a_location_in_exif_is_seen(kind: str) -> None:
    assert decode(encoded(picture(), kind, exif=exif(gps=True)), LIMITS).located
    assert not decode(encoded(picture(), kind, exif=exif()), LIMITS).located


def test_a_location_is_seen_in_tiff_tags_and_in_xmp_packed_or_not() -> None:
    tags = {0x8825: {1: "N", 2: (52.0, 31.0, 0.0)}}
    text = PngImagePlugin.PngInfo()
    text.add_itxt("XML:com.adobe.xmp", XMP.decode(), zip=True)
    assert decode(encoded(picture(), "TIFF", tiffinfo=tags), LIMITS).located
    assert decode(encoded(picture(), "JPEG", xmp=XMP), LIMITS).located
    assert decode(encoded(picture(), "WEBP", xmp=XMP), LIMITS).located
    assert decode(encoded(picture(), "PNG", pnginfo=text), LIMITS).located


def test_exif_that_cannot_be_read_counts_as_a_location() -> None:
    for broken in (b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0rubbish"):
        assert decode(encoded(picture(), "JPEG", exif=broken), LIMITS).located


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "PA"])
def test_transparency_becomes_white(mode: str) -> None:
    image = picture().convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 40, 90, 60))
    kind = "TIFF" if mode == "PA" else "PNG"
    found = decode(encoded(image.convert(mode) if mode != "PA" else image, kind), LIMITS)
    assert found.transparent
    assert found.image.getpixel((45, 50)) == (255, 255, 255)
    assert found.image.getpixel((80, 10)) != (255, 255, 255)


def test_half_transparent_black_is_grey_on_white() -> None:
    found = decode(encoded(Image.new("RGBA", (8, 8), (0, 0, 0, 127)), "PNG"), LIMITS)
    assert found.image.getpixel((4, 4)) == (128, 128, 128)


def test_an_alpha_channel_without_a_transparent_pixel_changes_nothing() -> None:
    assert not decode(encoded(picture().convert("RGBA"), "PNG"), LIMITS).transparent


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr", "I;16"])
def test_every_common_kind_of_pixel_becomes_rgb(mode: str) -> None:
    image = Image.fromarray(np.full((8, 8), 40_000, np.uint16)) if mode == "I;16" else (
        Image.new("RGB", (8, 8), "white").convert(mode))  # fmt: skip
    pixel = decode(encoded(image, "TIFF"), LIMITS).image.getpixel((4, 4))
    assert pixel == ((156,) * 3 if mode == "I;16" else (255,) * 3)


def test_floating_point_pixels_are_an_unknown_format() -> None:
    assert rule(encoded(Image.new("F", (8, 8)), "TIFF")) == "unknown_format"


def test_a_colour_profile_is_applied_and_a_broken_one_ignored() -> None:
    lab = ImageCms.createProfile("XYZ")
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    plain = np.asarray(decode(encoded(picture(), "PNG"), LIMITS).image)
    for profile in (srgb, b"no profile", ImageCms.ImageCmsProfile(lab).tobytes()):
        found = decode(encoded(picture(), "PNG", icc_profile=profile), LIMITS)
        assert (np.asarray(found.image) == plain).all()
    wide = srgb.replace("sRGB".encode("utf-16-be"), "wide".encode("utf-16-be"))
    swapped = wide.replace(b"rXYZ", b"####").replace(b"bXYZ", b"rXYZ").replace(b"####", b"bXYZ")
    found = decode(encoded(picture(), "PNG", icc_profile=swapped), LIMITS)
    assert found.image.getpixel((80, 50))[2] > 150  # type: ignore[index]


def test_a_header_of_40000_by_40000_costs_nothing() -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))"
    code = f"""
import sys; sys.path.insert(0, "shared")
from pairmill.decode import decode, Limits
from pairmill.core.errors import RejectError
{limit}
try:
    decode(sys.stdin.buffer.read(), Limits())
except RejectError as error:
    print(error.rule)
"""
    done = subprocess.run([sys.executable, "-c", code], input=png_header(40_000, 40_000),
                          capture_output=True, check=True)  # fmt: skip
    assert done.stdout.decode().strip() == "too_many_pixels"
    assert done.stderr == b""


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "BMP", "TIFF", "HEIF", "AVIF", "GIF", "JPEG"])
def test_more_pixels_or_bytes_than_allowed_are_rejected(kind: str) -> None:
    data = encoded(picture(), kind)
    assert rule(data, Limits(max_pixels=5399)) == "too_many_pixels"
    assert rule(data, Limits(max_bytes=len(data) - 1)) == "too_many_bytes"
    assert rule(data, Limits(min_side=61)) == "too_small"
    assert decode(data, Limits(max_pixels=5400, max_bytes=len(data), min_side=60))


def test_one_pixel_is_an_image_unless_it_is_too_small() -> None:
    data = encoded(Image.new("RGB", (1, 1), "red"), "PNG")
    assert decode(data, LIMITS).image.size == (1, 1)
    assert rule(data, Limits(min_side=2)) == "too_small"


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF", "AVIF"])
def test_moving_images_are_rejected(kind: str) -> None:
    frames = [picture().rotate(angle) for angle in (0, 90, 180)]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    assert rule(data) == "animated"


def test_of_an_mpo_or_a_heic_with_several_images_the_first_is_taken() -> None:
    other = Image.new("RGB", (90, 60), "green")
    mpo = decode(encoded(picture(), "MPO", save_all=True, append_images=[other]), LIMITS)
    heic = pillow_heif.from_pillow(picture())
    heic.add_from_pillow(other)
    sink = io.BytesIO()
    heic.save(sink, quality=90)
    for found in (mpo, decode(sink.getvalue(), LIMITS)):
        assert found.auxiliary
        assert found.image.getpixel((80, 50))[0] > 150  # type: ignore[index]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "HEIF", "AVIF"])
def test_a_file_that_ends_early_is_broken(kind: str) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 90, 3), np.uint8))
    data = encoded(noise, kind)
    assert rule(data[: len(data) * 2 // 3]) == "broken"
    assert rule(data[:20]) == "broken"


@pytest.mark.parametrize("reduced", [0, 16])
def test_a_truncated_jpeg_is_broken_also_where_it_is_decoded_reduced(reduced: int) -> None:
    data = encoded(picture((400, 300)), "JPEG", quality=95)
    with pytest.raises(RejectError, match="broken"):
        decode(data[: len(data) // 2], LIMITS, fit=reduced)


def test_a_jpeg_may_decode_reduced_but_keeps_twice_the_size_asked_for() -> None:
    data = encoded(picture((1600, 1200)), "JPEG", quality=95)
    found = decode(data, LIMITS, fit=100)
    assert (found.width, found.height) == (1600, 1200)
    assert 200 <= found.image.width < 1600
    assert decode(data, LIMITS).image.size == (1600, 1200)
    turned = decode(encoded(picture((1600, 1200)), "JPEG", exif=exif(6)), LIMITS, fit=100)
    assert (turned.width, turned.height) == (1200, 1600)
    assert turned.image.height > turned.image.width


def test_stored_bytes_open_without_limits_and_upright() -> None:
    image = open_stored(encoded(picture(), "JPEG", exif=exif(6)))
    assert (image.mode, image.size) == ("RGB", (60, 90))
    with pytest.raises(FormatError, match="run anew"):
        open_stored(b"\xff\xd8\xff rubbish")


def test_pillow_says_nothing_and_filters_are_as_before_with_many_threads(
    capfd: pytest.CaptureFixture[str],
) -> None:
    data = [
        encoded(picture(), "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\0"),
        png_header(9500, 9500),
    ]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        before = list(warnings.filters)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda i: outcome(lambda: decode(data[i % 2], LIMITS)), range(40)))
        assert list(warnings.filters) == before
    assert [str(w.message) for w in caught] == []
    assert capfd.readouterr() == ("", "")


def outcome(work: Callable[[], Decoded]) -> str:
    try:
        return work().format
    except RejectError as error:
        return error.rule


@settings(max_examples=150)
@given(data=st.data())
def test_whatever_the_bytes_the_outcome_is_an_image_or_a_named_reject(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "HEIF", "AVIF"]))
    bytes_ = bytearray(encoded(picture((24, 16)), kind, **(
        {"exif": exif(6, gps=True)} if kind not in ("GIF", "BMP") else {})))  # fmt: skip
    for _ in range(data.draw(st.integers(0, 6))):
        bytes_[data.draw(st.integers(0, len(bytes_) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(bytes_)))
    found = outcome(lambda: decode(bytes(bytes_[:cut]), Limits(max_pixels=10**6)))
    assert found in {*ENDINGS, "broken", "not_an_image", "unknown_format", "video", "raw",
                     "animated", "too_many_pixels"}  # fmt: skip
