"""Tell what bytes are by how they begin: an image that can be decoded, or what else.

Knows no decoder and no file name; reads a header and allocates nothing.
"""

import struct

from pairmill.core.errors import RejectError

_STARTS = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
}
_RAW_STARTS = {
    b"II*\0\x10\0\0\0CR": "Canon CR2",
    b"II\x1a\0\0\0HEAPCCDR": "Canon CRW",
    b"IIRO": "Olympus ORF",
    b"IIRS": "Olympus ORF",
    b"MMOR": "Olympus ORF",
    b"IIU\0": "Panasonic RW2",
    b"FUJIFILMCCD-RAW": "Fujifilm RAF",
    b"FOVb": "Sigma X3F",
    b"\0MRM": "Minolta MRW",
}
_VIDEO_STARTS = {
    b"\x1aE\xdf\xa3": "Matroska",
    b"FLV\x01": "Flash video",
    b"\0\0\x01\xba": "MPEG",
    b"\0\0\x01\xb3": "MPEG",
    b"0&\xb2u\x8ef\xcf\x11": "Windows Media",
    b"OggS": "Ogg",
}
_FOREIGN_STARTS = {
    b"8BPS": "PSD",
    b"\0\0\0\x0cjP  ": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"\0\0\0\x0cJXL ": "JPEG XL",
    b"\xff\x0a": "JPEG XL",
    b"\0\0\x01\0": "ICO",
    b"DDS ": "DDS",
    b"%PDF": "PDF",
    b"%!PS": "PostScript",
    b"<svg": "SVG",
}
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"mif1", b"mif2", b"miaf"}
_AVIF_BRANDS = {b"avif", b"avis"}
_SEQUENCE_BRANDS = {b"msf1", b"hevc", b"hevx", b"hevm", b"hevs"}  # ISO 23008-12, annex B
_BMP_HEADERS = {12, 16, 40, 52, 56, 64, 108, 124}

# TIFF tags (TIFF 6.0, TIFF/EP and DNG 1.7)
_SUBFILE_TYPE, _PHOTOMETRIC, _SUB_IFDS, _DNG_VERSION = 254, 262, 330, 50706
_MOSAIC = {32803, 34892}  # photometric: colour filter array, linear raw


def image_format(data: bytes) -> str:
    """Return Pillow's name of the image format that `data` begins with.

    Raises RejectError: `raw`, `video`, `animated` (an image sequence), `unknown_format` (an image
    that Pairmill does not read), `broken` (no bytes at all) or `not_an_image`.
    """
    if not data:
        raise RejectError("broken", "0 bytes")
    for rule, starts in (
        ("raw", _RAW_STARTS),
        ("video", _VIDEO_STARTS),
        ("unknown_format", _FOREIGN_STARTS),
    ):
        if found := _starting(data, starts):
            raise RejectError(rule, found)
    found = _starting(data, _STARTS) or _riff(data) or _iso_media(data) or _bmp(data)
    if not found:
        raise RejectError("not_an_image", f"begins with hex {data[:4].hex()}")
    if found == "TIFF" and _is_raw_tiff(data):
        raise RejectError("raw", "TIFF of a camera's sensor")
    return found


def stated_size(data: bytes, kind: str) -> tuple[int, int]:
    """Return the width and height that a header states at a fixed place; (0, 0) elsewhere.

    So a bomb is known as one even where nothing follows its header.
    """
    layout, at = {"PNG": (">II", 16), "GIF": ("<HH", 6), "BMP": ("<ii", 18)}.get(kind, ("", 0))
    if not layout or len(data) < at + struct.calcsize(layout):
        return 0, 0
    width, height = struct.unpack_from(layout, data, at)
    return abs(width), abs(height)


def _starting(data: bytes, starts: dict[bytes, str]) -> str:
    return next((name for start, name in starts.items() if data.startswith(start)), "")


def _riff(data: bytes) -> str:
    if data[:4] != b"RIFF":
        return ""
    if data[8:12] == b"AVI ":
        raise RejectError("video", "AVI")
    return "WEBP" if data[8:12] == b"WEBP" else ""


def _bmp(data: bytes) -> str:
    plain = data[:2] == b"BM" and data[6:10] == bytes(4) and len(data) >= 18
    return "BMP" if plain and int.from_bytes(data[14:18], "little") in _BMP_HEADERS else ""


def _iso_media(data: bytes) -> str:
    """Tell HEIF, AVIF, Canon CR3 and video apart by the brands of an ISO media file."""
    if data[4:8] != b"ftyp":
        return ""
    length = min(int.from_bytes(data[:4], "big"), 256)
    major, others = data[8:12], {data[i : i + 4] for i in range(16, length - 3, 4)}
    if major == b"crx ":
        raise RejectError("raw", "Canon CR3")
    if major in _SEQUENCE_BRANDS:
        raise RejectError("animated", "an image sequence")
    if major in _AVIF_BRANDS or (major in _HEIF_BRANDS and others & _AVIF_BRANDS):
        return "AVIF"
    if major in _HEIF_BRANDS:
        return "HEIF"
    raise RejectError("video", f"brand {major.decode('latin-1').strip()!r}")


def _is_raw_tiff(data: bytes) -> bool:
    """Say whether a TIFF is camera RAW: DNG, a sensor's mosaic, or a preview with sub-images."""
    tags = _tiff_tags(data)
    preview = tags.get(_SUBFILE_TYPE) == 1 and _SUB_IFDS in tags
    return _DNG_VERSION in tags or tags.get(_PHOTOMETRIC) in _MOSAIC or preview


def _tiff_tags(data: bytes) -> dict[int, int]:
    """Return the tags of a TIFF's first directory, with short values read as numbers."""
    order = "<" if data[:2] == b"II" else ">"
    if data[2:4] in (b"+\0", b"\0+") or len(data) < 8:
        return {}
    (start,) = struct.unpack_from(f"{order}I", data, 4)
    if start + 2 > len(data):
        return {}
    (count,) = struct.unpack_from(f"{order}H", data, start)
    count = min(count, (len(data) - start - 2) // 12)
    tags = {}
    for at in range(start + 2, start + 2 + 12 * count, 12):
        tag, kind = struct.unpack_from(f"{order}HH", data, at)
        short = kind == 3  # TIFF's SHORT, left-aligned in the value field
        (tags[tag],) = struct.unpack_from(f"{order}{'H' if short else 'I'}", data, at + 8)
    return tags
