"""Read the images that ingest kept: their records as a catalogue, their bytes by one range read.

Knows records and the object store port; knows no decoder and no stage.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass

from pairmill.core.errors import FormatError, RejectError
from pairmill.core.ids import image_id
from pairmill.core.records import ImageRecord
from pairmill.pipeline.commit import DataFile
from pairmill.pipeline.shard import read_records
from pairmill.ports.objects import ObjectStore

_KEPT = 2  # catalogues: that of the corpus and that of the gallery

_catalogs: OrderedDict[tuple[str, ...], dict[str, ImageRecord]] = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True)
class Images:
    """A run's images: records from its objects, bytes from there or, by reference, the source."""

    objects: ObjectStore
    source: ObjectStore

    def records(self, files: list[DataFile]) -> list[ImageRecord]:
        """Return the records of `images` tables, in order."""
        return list(read_records(self.objects, files, ImageRecord))

    def read(self, record: ImageRecord) -> bytes:
        """Return an image's bytes, as `read_image` does."""
        return read_image(record, self.objects, self.source)


def read_image(record: ImageRecord, objects: ObjectStore, source: ObjectStore) -> bytes:
    """Return the image's bytes, from the run's objects or, by reference, from the source.

    Raises RejectError `source_missing` or `source_changed` where a referenced image is not what
    was ingested, and FormatError where the run's own bytes are gone.
    """
    if record.in_source:
        return _read_source(record, source)
    try:
        data = objects.get_range(record.store, record.offset, record.length)
    except KeyError:
        data = b""
    if len(data) != record.length:
        raise FormatError(
            f"{record.store}: got {len(data)} bytes at {record.offset}, wanted {record.length} of "
            f"image {record.image_id}; restore the file, or run anew"
        )
    return data


def _read_source(record: ImageRecord, source: ObjectStore) -> bytes:
    try:
        data = source.get_range(record.store, record.offset, record.length)
    except KeyError:
        raise RejectError("source_missing", record.store) from None
    if image_id(data) != record.image_id:
        raise RejectError("source_changed", record.store)
    return data


def load_catalog(objects: ObjectStore, files: list[DataFile]) -> dict[str, ImageRecord]:
    """Return every image of the `images` files by id, in order; do not change it.

    The last two catalogues are kept, by the digests of their files. Files other than tables,
    such as ingest's tars, are passed over.
    """
    tables = [f for f in files if f.data_set == "images" and f.key.endswith(".parquet")]
    name = tuple(file.sha256 for file in tables)
    with _lock:
        if name not in _catalogs:
            records = read_records(objects, tables, ImageRecord)
            _catalogs[name] = {record.image_id: record for record in records}
        _catalogs.move_to_end(name)
        while len(_catalogs) > _KEPT:
            _catalogs.popitem(last=False)
        return _catalogs[name]
