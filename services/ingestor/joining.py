"""Make one record of several that are the same image. Knows records only."""

from collections.abc import Sequence
from dataclasses import replace

from pairmill.core.records import ImageRecord
from services.ingestor.captions import Words, join


def join_records(records: Sequence[ImageRecord]) -> ImageRecord:
    """Return the first record with the keys, captions and attributes of all, each once."""
    keys = dict.fromkeys(key for record in records for key in record.keys)
    captions = {c.text: c for record in reversed(records) for c in reversed(record.captions)}
    words = join(Words(attributes=record.attributes) for record in records)
    return replace(records[0], keys=tuple(keys), captions=tuple(reversed(captions.values())),
                   attributes=words.attributes)  # fmt: skip
