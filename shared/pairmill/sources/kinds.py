"""Tell by its name what a file is to an ingestor, and which key its image has. Reads no bytes."""

import posixpath
import re
from typing import Literal

Kind = Literal["image", "caption", "video", "raw", "foreign", "tar", "packed", "other"]
"""foreign: an image of a format that is not read. packed: a compressed tar. other: no image."""

_NAMES: dict[Kind, str] = {
    "image": "jpg jpeg jpe jfif png webp gif bmp dib tif tiff heic heif hif avif mpo",
    "caption": "txt json",
    "video": "mp4 m4v mov avi mkv webm mpg mpeg wmv flv 3gp mts m2ts ogv",
    "raw": "dng cr2 cr3 crw nef nrw arw srf sr2 orf raf rw2 pef srw raw x3f mrw dcr kdc erf",
    "foreign": "svg psd jxl jp2 j2k jpx ico eps tga dds exr hdr xcf ppm pgm pbm pnm apng",
    "tar": "tar",
    "packed": "tgz tbz tbz2 txz tzst",
}
_ENDINGS = {ending: kind for kind, endings in _NAMES.items() for ending in endings.split()}
_PACKED_TAR = re.compile(r"\.tar\.[a-z0-9]+$")


def kind_of(name: str) -> Kind:
    """Return what a file of this name is."""
    lower = name.lower()
    if _PACKED_TAR.search(lower):
        return "packed"
    return _ENDINGS.get(posixpath.splitext(lower)[1][1:], "other")


def file_key(name: str) -> str:
    """Return the key of a folder's file: its path without the last ending."""
    return posixpath.splitext(name)[0]


def member_key(name: str) -> str:
    """Return the key of a tar's member: its path up to the first dot of the base name.

    That is what WebDataset calls the sample's key.
    """
    folder, base = posixpath.split(name)
    return posixpath.join(folder, base.split(".", 1)[0])


def is_hidden(name: str) -> bool:
    """Say whether a path or one of its folders is hidden, or is a system's own litter."""
    parts = name.split("/")
    return any(part.startswith(".") and part.strip(".") for part in parts) or (
        "__MACOSX" in parts or parts[-1].lower() in ("thumbs.db", "desktop.ini")
    )


def matcher(pattern: str) -> re.Pattern[str]:
    """Return a glob as an expression over whole paths.

    `*` and `?` stop at a slash, `**` does not, `[…]` is a set; a pattern that ends in a slash, or
    is empty, means all beneath it.
    """
    if not pattern or pattern.endswith("/"):
        pattern += "**"
    tokens = re.findall(r"\*\*/|\*\*|\*|\?|\[[^]/]+\]|.", pattern, re.DOTALL)
    special = {"**/": r"(?:.*/)?", "**": r".*", "*": r"[^/]*", "?": r"[^/]"}
    return re.compile("".join(special.get(t) or _literal(t) for t in tokens) + r"\Z", re.DOTALL)


def _literal(token: str) -> str:
    if len(token) == 1:
        return re.escape(token)
    inner = token[1:-1].replace("\\", r"\\")
    return f"[^{inner[1:]}]" if inner.startswith("!") else f"[{inner}]"
