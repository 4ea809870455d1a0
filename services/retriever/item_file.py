"""How an upserted item is kept: one object with its words, its features and its image's bytes.

Knows the format; knows no store and no model. One line of JSON, then features of image and text as
little-endian float32, then the image as it came. Features come first, so that a new checkpoint
needs one short read an item, and no tower.
"""

import json
from dataclasses import dataclass, field

import numpy as np

from pairmill.core.errors import FormatError
from pairmill.core.ids import canonical_json, image_id
from services.retriever.embedding import Features, Floats

FORMAT = 1
SHORT_READ = 65_536
"""Holds words and features of nearly every item."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """An item as its caller gave it. features: of the towers `encoder_id`."""

    item_id: str
    caption: str = ""
    text: str = ""
    content: str = ""
    encoder_id: str = ""
    features: Features = field(default_factory=Features)
    image: bytes = field(default=b"", repr=False)


def write_item(item: Item) -> bytes:
    """Return an item's object."""
    image_1F, text_1T = item.features.image_1F, item.features.text_1T
    head = {
        "format": FORMAT, "item_id": item.item_id, "caption": item.caption, "text": item.text,
        "content": image_id(item.image) if item.image else "", "encoder_id": item.encoder_id,
        "image_dim": 0 if image_1F is None else image_1F.shape[1],
        "text_dim": 0 if text_1T is None else text_1T.shape[1], "image_bytes": len(item.image),
    }  # fmt: skip
    floats = [np.asarray(part, "<f4").tobytes() for part in (image_1F, text_1T) if part is not None]
    return b"".join([canonical_json(head), b"\n", *floats, item.image])


def read_item(key: str, data: bytes, *, whole: bool) -> Item | None:
    """Return the item of an object's bytes, or of its beginning unless `whole`.

    None where the beginning is too short. Raises FormatError for anything else than an item.
    """
    line, newline, rest = data.partition(b"\n")
    if not newline and not whole:
        return None
    try:
        head = json.loads(line)
        if head["format"] != FORMAT:
            raise ValueError(f"format {head['format']}")
        sizes = (4 * head["image_dim"], 4 * head["text_dim"], head["image_bytes"])
        names = {name: str(head[name]) for name in
                 ("item_id", "caption", "text", "content", "encoder_id")}  # fmt: skip
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(f"{key}: wanted an item of format {FORMAT}, got {error!r}; upsert it "
                          "anew, or remove the object") from None  # fmt: skip
    wanted = sum(sizes) if whole else sizes[0] + sizes[1]
    if len(rest) < wanted or (whole and len(rest) != wanted):
        if not whole:
            return None
        raise FormatError(f"{key}: got {len(rest)} bytes, wanted {wanted}; upsert the item anew")
    features = Features(image_1F=_row(rest[: sizes[0]]),
                        text_1T=_row(rest[sizes[0] : sizes[0] + sizes[1]]))  # fmt: skip
    image = rest[sizes[0] + sizes[1] :] if whole else b""
    return Item(**names, features=features, image=image)


def _row(data: bytes) -> Floats | None:
    return np.frombuffer(data, "<f4").astype(np.float32)[np.newaxis] if data else None
