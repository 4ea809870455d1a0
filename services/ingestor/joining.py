"""Make one record of several that are the same image. Knows records only."""

from collections.abc import Sequence
from dataclasses import replace

from pairmill.core.records import Caption, ImageRecord
from pairmill.sources.captions import Words, join


def join_records(records: Sequence[ImageRecord]) -> ImageRecord:
    """Return the first record with the keys, captions and attributes of all, each once."""
    keys = dict.fromkeys(key for record in records for key in record.keys)
    captions: dict[str, Caption] = {}
    for caption in (caption for record in records for caption in record.captions):
        captions.setdefault(caption.text, caption)
    words = join(Words(attributes=record.attributes) for record in records)
    return replace(records[0], keys=tuple(keys), captions=tuple(captions.values()),
                   attributes=words.attributes)  # fmt: skip
