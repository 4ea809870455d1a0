"""Read captions and attributes from the fields of a table's row or of a sidecar file.

Knows no file and no store: bytes and plain values in, words out.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pairmill.core.errors import RejectError

CAPTION_FIELDS = ("caption", "captions", "text")
"""The first of them that is there holds the caption, or a list of captions."""

# What img2dataset notes of a download beside caption and image: facts of the file, not the picture
_BOOKKEEPING = {
    "url", "key", "status", "error_message", "width", "height", "original_width",
    "original_height", "exif", "sha256", "md5", "uid", "id", "image_id", "file", "file_name",
    "filename", "image", "phash", "attributes",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Words:
    """Captions in order, and attributes: name to values. Whitespace is single, nothing is empty."""

    captions: tuple[str, ...] = ()
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def words_of(fields: Mapping[str, object]) -> Words:
    """Return the words of a row's fields; nested values are ignored.

    `attributes` may be an object of further fields. Raises RejectError `caption_not_utf8` for
    text that has no UTF-8 form.
    """
    source = next((name for name in CAPTION_FIELDS if fields.get(name)), "")
    nested = fields.get("attributes")
    others = {**fields, **(nested if isinstance(nested, Mapping) else {})}
    attributes = {
        _clean(str(name)): values
        for name, value in others.items()
        if name != source and str(name).lower() not in _BOOKKEEPING and (values := _texts(value))
    }
    attributes.pop("", None)
    return Words(captions=_texts(fields.get(source)), attributes=attributes)


def sidecar_words(name: str, data: bytes) -> Words:
    """Return the words of a caption file: the whole text of `.txt`, the fields of `.json`.

    Raises RejectError: `caption_not_utf8`, or `caption_not_json` where `.json` is no object.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RejectError("caption_not_utf8", f"byte {error.start}") from None
    if not name.lower().endswith(".json"):
        return Words(captions=_texts(text))
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RejectError("caption_not_json", error) from None
    if not isinstance(fields, dict):
        raise RejectError("caption_not_json", f"a JSON {type(fields).__name__}, not an object")
    return words_of(fields)


def join(parts: Iterable[Words]) -> Words:
    """Return the words of all parts, in order, each once."""
    captions: dict[str, None] = {}
    attributes: dict[str, dict[str, None]] = {}
    for part in parts:
        captions.update(dict.fromkeys(part.captions))
        for name, values in part.attributes.items():
            attributes.setdefault(name, {}).update(dict.fromkeys(values))
    joined = {name: tuple(values) for name, values in attributes.items()}
    return Words(captions=tuple(captions), attributes=joined)


def _texts(value: object) -> tuple[str, ...]:
    """Return a scalar, or a list of scalars, as texts; nothing for other values."""
    values = value if isinstance(value, (list, tuple)) else [value]
    texts = (_clean(_text(v)) for v in values if isinstance(v, (str, bool, int, float)))
    return tuple(dict.fromkeys(text for text in texts if text))


def _text(value: str | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _clean(text: str) -> str:
    """Return the text with single spaces and no NUL."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise RejectError("caption_not_utf8", f"character {error.start}") from None
    return " ".join(text.replace("\0", " ").split())
