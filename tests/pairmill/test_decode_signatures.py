import struct

import pytest

from pairmill.core.errors import RejectError
from pairmill.decode.signatures import image_format


def tiff(tags: list[tuple[int, int, int]], order: str = "<") -> bytes:
    """Return a TIFF of one directory; a tag is its number, its type and its value."""
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    body = struct.pack(f"{order}H", len(tags))
    for tag, kind, value in tags:
        packed = struct.pack(f"{order}H2x" if kind == 3 else f"{order}I", value)
        body += struct.pack(f"{order}HHI", tag, kind, 1) + packed
    return head + body + bytes(4)


def media(major: bytes, *others: bytes) -> bytes:
    body = major + bytes(4) + b"".join(others)
    return struct.pack(">I", 8 + len(body)) + b"ftyp" + body + bytes(32)


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"II*\0\x10\0\0\0CR\x02\0", "raw"),
        (b"IIU\0\x08\0\0\0", "raw"),
        (b"IIRO\x08\0\0\0", "raw"),
        (b"FUJIFILMCCD-RAW 0201", "raw"),
        (media(b"crx ", b"crx ", b"isom"), "raw"),
        (tiff([(254, 4, 0), (50706, 1, 0x401)]), "raw"),
        (tiff([(254, 4, 1), (271, 2, 0), (330, 4, 200)]), "raw"),
        (tiff([(262, 3, 32803)], ">"), "raw"),
        (media(b"isom", b"mp41"), "video"),
        (media(b"qt  "), "video"),
        (b"RIFF\0\0\0\0AVI LIST", "video"),
        (b"\x1aE\xdf\xa3matroska", "video"),
        (media(b"hevc", b"mif1"), "animated"),
        (b"8BPS\0\x01", "unknown_format"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unknown_format"),
        (b"", "broken"),
        (b"These are words, and no image at all.", "not_an_image"),
        (b"BMW, Audi and other cars in a text file", "not_an_image"),
        (b"RIFF\0\0\0\0WAVEfmt ", "not_an_image"),
        (bytes(100), "not_an_image"),
    ],
)
def test_what_is_no_image_has_a_rule_of_its_own(data: bytes, rule: str) -> None:
    with pytest.raises(RejectError) as caught:
        image_format(data)
    assert caught.value.rule == rule


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (tiff([(254, 4, 0), (262, 3, 2)]), "TIFF"),
        (tiff([(262, 3, 1), (330, 4, 200)], ">"), "TIFF"),
        (b"II*\0", "TIFF"),
        (b"II*\0\xff\xff\xff\xff", "TIFF"),
        (tiff([(262, 3, 2)] * 3)[:30], "TIFF"),
        (media(b"heic", b"mif1"), "HEIF"),
        (media(b"mif1", b"heic"), "HEIF"),
        (media(b"mif1", b"avif", b"miaf"), "AVIF"),
        (media(b"avif"), "AVIF"),
    ],
)
def test_images_are_told_by_their_first_bytes(data: bytes, kind: str) -> None:
    assert image_format(data) == kind
