"""Read the images that ingest kept: their records as a catalogue, their bytes by one range read.

Knows records and the object store port; knows no decoder and no stage.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from pairmill.core.captions import MachineCaption
from pairmill.core.errors import FormatError, RejectError
from pairmill.core.ids import image_id
from pairmill.core.records import ImageRecord
from pairmill.pipeline.commit import DataFile
from pairmill.pipeline.shard import read_records
from pairmill.ports.objects import ObjectStore

Record = TypeVar("Record", ImageRecord, MachineCaption)

AT_HOME = "./"
"""How a `store` begins that lies beneath the home of the record's own table. No key begins so: a
`store` that nobody has resolved is refused."""

_KEPT = 4  # images and made captions of the corpus, and those of the gallery

_by_id: OrderedDict[tuple[str, ...], dict[str, Any]] = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True)
class Images:
    """A run's images: records from its objects, bytes from there or, by reference, the source."""

    objects: ObjectStore
    source: ObjectStore

    def records(self, files: list[DataFile]) -> list[ImageRecord]:
        """Return the records of `images` tables, in order."""
        return list(read_image_records(self.objects, files))

    def read(self, record: ImageRecord) -> bytes:
        """Return an image's bytes, as `read_image` does."""
        return read_image(record, self.objects, self.source)


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """The images of both places of a run. gallery: of its own gallery, of which there may be none;
    then nobody asks for them."""

    corpus: Images
    gallery: Images


def place_at_home(file: DataFile) -> str:
    """Return how a record names a file of its own home: alike in every run that makes it."""
    return AT_HOME + file.key.removeprefix(f"{file.home}/")


def read_image_records(objects: ObjectStore, files: Iterable[DataFile]) -> Iterator[ImageRecord]:
    """Yield the records of tables of images or edits, in order, each `store` a whole key.

    A run that adopted another's table finds the bytes where that table lies.
    """
    for file in files:
        for record in read_records(objects, [file], ImageRecord):
            yield _resolved(record, file.home)


def _resolved(record: ImageRecord, home: str) -> ImageRecord:
    if record.in_source or not record.store.startswith(AT_HOME):
        return record
    return replace(record, store=f"{home}/{record.store.removeprefix(AT_HOME)}")


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

    The last catalogues are kept, by the digests of their files. Files other than tables, such as
    ingest's tars, are passed over.
    """
    tables = [f for f in files if f.data_set == "images" and f.key.endswith(".parquet")]
    return _load(objects, tables, ImageRecord)


def load_machine_captions(objects: ObjectStore, files: list[DataFile]) -> dict[str, MachineCaption]:
    """Return the captions that `embed` made, by image; do not change them. The last ones are kept,
    as catalogues are. Files of other data sets are passed over."""
    tables = [file for file in files if file.data_set == "captions"]
    return _load(objects, tables, MachineCaption)


def machine_captions(objects: ObjectStore, files: list[DataFile]) -> dict[str, tuple[str, ...]]:
    """Return what may be learnt or asked of the images that nobody captioned, by image.

    files: of the data set `captions`, which `embed` gives. Dates are left out: none can be seen.
    """
    made = load_machine_captions(objects, files)
    return {image: (caption.seen,) for image, caption in made.items() if caption.seen}


def _load(objects: ObjectStore, tables: list[DataFile], kind: type[Record]) -> dict[str, Record]:
    name = (kind.__name__, *(file.sha256 for file in tables))
    with _lock:
        if name not in _by_id:
            records = read_records(objects, tables, kind)
            _by_id[name] = {record.image_id: record for record in records}
        _by_id.move_to_end(name)
        while len(_by_id) > _KEPT:
            _by_id.popitem(last=False)
        return _by_id[name]
