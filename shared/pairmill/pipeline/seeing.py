"""Let towers see images that ingest kept: read, decode, and pass them in batches.

Knows records, the decoder and the towers' port; knows no model, no space and no reject's file.

    B images of a batch, F image features
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pairmill.config import EncoderConfig
from pairmill.core.errors import RejectError
from pairmill.core.records import ImageRecord
from pairmill.decode import Limits, decode
from pairmill.pipeline.ahead import batches_ahead
from pairmill.pipeline.images import Images
from pairmill.ports.encoder import Towers

NO_LIMITS = Limits(max_bytes=2**62, max_pixels=2**62)
"""Ingest has applied the run's limits."""

Pixels = NDArray[np.uint8]
Look = Callable[[ImageRecord, Image.Image], None]
Load = Callable[[ImageRecord], Pixels | RejectError]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A batch: the images that were seen, with their features, and why the others were not."""

    records: list[ImageRecord]
    features_BF: NDArray[np.float32]
    lost: list[tuple[ImageRecord, RejectError]]

    def __len__(self) -> int:
        return len(self.records) + len(self.lost)


def load_pixels(
    images: Images, towers: Towers, record: ImageRecord, *, look: Look | None = None
) -> Pixels | RejectError:
    """Return the pixels that the image tower takes, or why there are none.

    look: shown the whole decoded image.
    """
    try:
        data = images.read(record)
    except RejectError as error:
        return error
    try:
        image = decode(data, NO_LIMITS, fit=towers.longest_side).image
    except RejectError as error:
        return RejectError("undecodable", error)
    if look:
        look(record, image)
    return towers.prepare(image)


def see(
    towers: Towers, records: Sequence[ImageRecord], load: Load, config: EncoderConfig
) -> Iterator[Seen]:
    """Yield the records in batches, in order, decoded ahead of the tower. Features may hold values
    that are not finite: the caller must look."""
    starts = range(0, len(records), config.batch)
    batches = batches_ahead(load, records, batch=config.batch, threads=config.threads)
    for start, loaded in zip(starts, batches, strict=True):
        yield _seen(towers, records[start : start + config.batch], loaded)


def _seen(
    towers: Towers, records: Sequence[ImageRecord], loaded: Sequence[Pixels | RejectError]
) -> Seen:
    kept: list[ImageRecord] = []
    pixels: list[Pixels] = []
    lost: list[tuple[ImageRecord, RejectError]] = []
    for record, item in zip(records, loaded, strict=True):
        if isinstance(item, RejectError):
            lost.append((record, item))
        else:
            kept.append(record)
            pixels.append(item)
    none_BF = np.zeros((0, towers.image_dim), np.float32)
    features_BF = towers.image_features(np.stack(pixels)) if pixels else none_BF
    return Seen(records=kept, features_BF=features_BF, lost=lost)
