"""Pack images into one WebDataset tar, the same bytes for the same images.

Knows records and the tar format; knows no store.
"""

import io
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass

from pairmill.core.ids import canonical_json
from pairmill.core.records import ImageRecord


@dataclass(frozen=True, kw_only=True)
class Packed:
    """A tar's bytes and, by image id, where each image lies in it: offset and length in bytes."""

    data: bytes
    places: dict[str, tuple[int, int]]


def pack(images: Sequence[tuple[ImageRecord, bytes, str]]) -> Packed:
    """Return the tar of images, each a record, its bytes and its ending, in their order.

    Beside `<image_id>.<ending>` stands `<image_id>.json` with keys, captions and attributes.
    """
    sink = io.BytesIO()
    places = {}
    with tarfile.open(fileobj=sink, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for record, data, ending in images:
            offset = _add(tar, f"{record.image_id}.{ending}", data)
            places[record.image_id] = (offset, len(data))
            _add(tar, f"{record.image_id}.json", _describe(record))
    return Packed(data=sink.getvalue(), places=places)


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> int:
    """Append a file without owner or time; return where its bytes begin."""
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = len(data), 0o644, 0
    offset = tar.offset + tarfile.BLOCKSIZE
    tar.addfile(info, io.BytesIO(data))
    return offset


def _describe(record: ImageRecord) -> bytes:
    attributes = {name: list(values) for name, values in record.attributes.items()}
    captions = [caption.text for caption in record.captions]
    return canonical_json(
        {"keys": list(record.keys), "captions": captions, "attributes": attributes}
    )
