"""Take one entry in: fetch, decode, name, and make the bytes that are kept, with its words.

Knows one entry; knows no shard and writes nothing, so that threads may take many at once.
"""

from dataclasses import dataclass, replace
from typing import Literal

from PIL import Image

from pairmill.config import IngestConfig
from pairmill.core.dates import EXIF_DATE
from pairmill.core.errors import RejectError
from pairmill.core.ids import image_id
from pairmill.core.records import Caption, Entry
from pairmill.decode import Decoded, Limits, decode, to_jpeg
from pairmill.ports.objects import ObjectStore
from pairmill.sources.captions import Words, join, sidecar_words
from pairmill.sources.kinds import kind_of
from services.ingestor.fetching import fetch

MAX_SIDECAR_BYTES = 16 * 2**20


@dataclass(frozen=True, kw_only=True)
class Job:
    """One image of the manifest, with the further caption files that belong to it."""

    entry: Entry
    further: tuple[Entry, ...] = ()
    protected: bool = False


@dataclass(frozen=True, kw_only=True)
class Taken:
    """An accepted image. data: what is kept of it, empty where it stays in the source."""

    entry: Entry
    image_id: str
    format: str
    width: int
    height: int
    data: bytes
    captions: tuple[Caption, ...]
    words: Words
    faults: tuple[RejectError, ...]


def take(job: Job, source: ObjectStore, config: IngestConfig) -> Taken | RejectError:
    """Return the image as it will be kept, or why it is left out."""
    try:
        return _take(job, source, config)
    except RejectError as fault:
        return fault


def _take(job: Job, source: ObjectStore, config: IngestConfig) -> Taken:
    entry = job.entry
    if entry.fault:
        raise RejectError(entry.fault, entry.value)
    if entry.length > config.max_bytes:
        raise RejectError("too_many_bytes", entry.length)
    original = fetch(source, entry.object, entry.offset, entry.length)
    limits = Limits(max_bytes=config.max_bytes, max_pixels=config.max_pixels,
                    min_side=1 if job.protected else config.min_side)  # fmt: skip
    fit = config.longest_side if config.store == "resized" else 0
    decoded = decode(original, limits, fit=fit)
    data, kind, size = _keep(original, decoded, config.store, config.longest_side)
    captions, words, faults = _read_words(job, source, config.max_caption_chars)
    words = _with_date(words, decoded.taken)
    return Taken(entry=entry, image_id=image_id(original), format=kind, width=size[0],
                 height=size[1], data=data, captions=captions, words=words,
                 faults=faults)  # fmt: skip


def _keep(
    original: bytes,
    decoded: Decoded,
    store: Literal["original", "resized", "reference"],
    longest_side: int,
) -> tuple[bytes, str, tuple[int, int]]:
    """Return the bytes that are kept, their format and their size in pixels."""
    longest = max(decoded.width, decoded.height)
    changed = decoded.turned or decoded.transparent or decoded.located or decoded.auxiliary
    if store != "resized" or (longest <= longest_side and not changed):
        kind = "jpeg" if decoded.format == "mpo" else decoded.format
        size = (decoded.width, decoded.height)
        return (b"" if store == "reference" else original), kind, size
    scale = min(1.0, longest_side / longest)
    size = (max(1, round(decoded.width * scale)), max(1, round(decoded.height * scale)))
    image = decoded.image
    if image.size != size:
        image = image.resize(size, Image.Resampling.LANCZOS)
    return to_jpeg(image), "jpeg", size


def _read_words(
    job: Job, source: ObjectStore, max_chars: int
) -> tuple[tuple[Caption, ...], Words, tuple[RejectError, ...]]:
    """Return captions, attributes and what was wrong with them; the table's words come first."""
    captions, faults = list(job.entry.captions), []
    parts = [Words(attributes=job.entry.attributes)]
    for entry in (job.entry, *job.further):
        if not entry.sidecar:
            continue
        try:
            words = _read_sidecar(entry, source)
        except RejectError as fault:
            faults.append(fault)
            continue
        kind = "tar" if kind_of(entry.sidecar_object) == "tar" else "sidecar"
        known = {caption.text for caption in captions}
        captions += [Caption(kind=kind, text=t) for t in words.captions if t not in known]
        parts.append(words)
    long = [c for c in captions if len(c.text) > max_chars]
    faults += [RejectError("caption_too_long", f"{len(c.text)} characters") for c in long]
    return tuple(c for c in captions if c not in long), join(parts), tuple(faults)


def _with_date(words: Words, taken: str) -> Words:
    """Return the words with the camera's date, unless the source gives one by that name."""
    if not taken or EXIF_DATE in words.attributes:
        return words
    return replace(words, attributes={**words.attributes, EXIF_DATE: (taken,)})


def _read_sidecar(entry: Entry, source: ObjectStore) -> Words:
    if entry.sidecar_length > MAX_SIDECAR_BYTES:
        raise RejectError("caption_too_long", f"{entry.sidecar_length} bytes")
    place = (entry.sidecar_object, entry.sidecar_offset, entry.sidecar_length)
    return sidecar_words(entry.sidecar, fetch(source, *place))
