"""Turn a source's files into images: ingest one shard, and join equal images of all shards.

Knows the manifest, records and the ports; knows nothing of what comes after.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from pairmill.core.errors import CorpusError, RejectError
from pairmill.core.records import Entry, ImageRecord
from pairmill.decode import ENDINGS
from pairmill.pipeline.commit import Counts
from pairmill.pipeline.output import Output
from pairmill.pipeline.packing import pack
from pairmill.pipeline.progress import Progress
from pairmill.pipeline.shard import Shard, read_records
from pairmill.ports.objects import ObjectStore
from services.ingestor.joining import join_records
from services.ingestor.manifest import read_entries, read_protected
from services.ingestor.taking import Job, Taken, take

NUM_THREADS = min(8, 4 * (os.cpu_count() or 1))
"""More than cores: a source in a bucket is waited for, not computed."""
In = TypeVar("In")
Result = TypeVar("Result")


def ingest(
    shard: Shard, out: Output, objects: ObjectStore, source: ObjectStore, progress: Progress
) -> Counts:
    """Decode, name and keep every image of the shard; all that is left out says why.

    Raises CorpusError if the source is gone as a whole.
    """
    config, taken, missing = shard.config.ingest, [], 0
    jobs = _jobs(read_entries(shard, objects), read_protected(shard, objects), out)
    for job, result in zip(jobs, _in_order(lambda j: take(j, source, config), jobs), strict=True):
        if isinstance(result, RejectError):
            out.reject(job.entry.key, result.rule, result.value, keys=(job.entry.key,))
            missing += result.rule == "source_missing"
        else:
            taken.append(result)
        progress.advance()
    if missing and not taken and next(iter(source.list("")), None) is None:
        raise CorpusError("the corpus's folder is empty or gone: mount it again, then start again")
    out.table("images", ImageRecord, _store(taken, out, config.store == "reference"))
    return out.close(inputs=len(jobs), outputs=len(taken))


def dedupe(shard: Shard, out: Output, objects: ObjectStore) -> Counts:
    """Keep one image per id, the first in source order, with the words of all its likes."""
    listed = shard.files(shard.upstream("ingest"), "images")
    files = [file for file in listed if file.key.endswith(".parquet")]
    tables = {file.shard: list(read_records(objects, [file], ImageRecord)) for file in files}
    likes: dict[str, list[ImageRecord]] = {}
    for record in (record for rows in tables.values() for record in rows):
        likes.setdefault(record.image_id, []).append(record)
    for name, rows in tables.items():
        first = [likes[row.image_id] for row in rows if likes[row.image_id][0] is row]
        out.table("images", ImageRecord, [join_records(records) for records in first], shard=name)
    for first_one, *others in likes.values():
        for other in others:
            out.reject(other.keys[0], "duplicate", f"{other.image_id} kept as {first_one.keys[0]}",
                       keys=(other.image_id, *other.keys))  # fmt: skip
    return out.close(inputs=sum(map(len, tables.values())), outputs=len(likes))


def _jobs(entries: list[Entry], protected: frozenset[str], out: Output) -> list[Job]:
    """Return the images to take, and reject the rows that are about none."""
    jobs: list[Job] = []
    for entry in entries:
        if entry.unit == "image":
            jobs.append(Job(entry=entry, protected=entry.key in protected))
        elif entry.fault:
            out.reject(entry.key, entry.fault, entry.value, keys=(entry.key,), unit=entry.unit)
        else:
            jobs[-1] = replace(jobs[-1], further=(*jobs[-1].further, entry))
    return jobs


def _in_order(work: Callable[[In], Result], items: Iterable[In]) -> Iterator[Result]:
    """Yield `work` of every item in order, a few items ahead on threads; decoders free the GIL."""
    with ThreadPoolExecutor(NUM_THREADS) as pool:
        ahead: deque[Future[Result]] = deque()
        for item in items:
            ahead.append(pool.submit(work, item))
            if len(ahead) > 2 * NUM_THREADS:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def _store(taken: list[Taken], out: Output, reference: bool) -> list[ImageRecord]:
    """Return the images' records; their bytes, each once, are in a tar unless they stay."""
    records = [_record(image, out) for image in taken]
    if reference:
        return [replace(r, store=t.entry.object, offset=t.entry.offset, length=t.entry.length,
                        in_source=True) for r, t in zip(records, taken, strict=True)]  # fmt: skip
    likes: dict[str, list[int]] = {}
    for i, record in enumerate(records):
        likes.setdefault(record.image_id, []).append(i)
    packed = pack([(join_records([records[i] for i in same]), taken[same[0]].data,
                    ENDINGS[taken[same[0]].format]) for same in likes.values()])  # fmt: skip
    file = out.blob("images", packed.data, "tar", len(likes))
    places = [packed.places[record.image_id] for record in records]
    return [replace(record, store=file.key, offset=offset, length=length)
            for record, (offset, length) in zip(records, places, strict=True)]  # fmt: skip


def _record(image: Taken, out: Output) -> ImageRecord:
    """Return the image's record without its place, and reject its unusable captions."""
    key = image.entry.key
    for fault in image.faults:
        out.reject(key, fault.rule, fault.value, keys=(image.image_id, key), unit="caption")
    return ImageRecord(
        image_id=image.image_id, keys=(key,), captions=image.captions,
        attributes=image.words.attributes, source=image.entry.object, format=image.format,
        width=image.width, height=image.height,
    )  # fmt: skip
