"""Let towers see images that ingest kept: read, decode, and pass them in batches.

Knows records, the decoder and the towers' port; knows no model, no space and no reject's file.

    B images of a batch, F image features
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pairmill.config import EncoderConfig
from pairmill.core.errors import RejectError
from pairmill.core.records import ImageRecord
from pairmill.decode import Limits, decode
from pairmill.pipeline.ahead import ahead, batches_ahead
from pairmill.pipeline.images import Images
from pairmill.ports.encoder import Towers

NO_LIMITS = Limits(max_bytes=2**62, max_pixels=2**62)
"""Ingest has applied the run's limits."""

Pixels = NDArray[np.uint8]
Look = Callable[[ImageRecord, Image.Image], None]
Load = Callable[[ImageRecord], Pixels | RejectError]
Loaded = list[Pixels | RejectError]

TOWER_BATCHES = 2
"""Batches in the tower at once, so that no core rests while one ends and the next is stacked."""


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
    looked = ahead(partial(_look, towers), batches, threads=TOWER_BATCHES, depth=TOWER_BATCHES - 1)
    for start, (loaded, features_BF) in zip(starts, looked, strict=True):
        here = list(zip(records[start : start + config.batch], loaded, strict=True))
        yield Seen(
            records=[record for record, item in here if not isinstance(item, RejectError)],
            features_BF=features_BF,
            lost=[(record, item) for record, item in here if isinstance(item, RejectError)],
        )


def _look(towers: Towers, loaded: Loaded) -> tuple[Loaded, NDArray[np.float32]]:
    """Return what was loaded, with the features of what is not rejected."""
    pixels = [item for item in loaded if not isinstance(item, RejectError)]
    none_BF = np.zeros((0, towers.image_dim), np.float32)
    return loaded, towers.image_features(np.stack(pixels)) if pixels else none_BF
