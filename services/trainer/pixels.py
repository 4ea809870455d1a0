"""Read images and edits as pixels, where a training takes towers and all. Knows records and the
decoder; knows no model.

    B rows, S side
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pairmill.core.records import ImageRecord
from pairmill.decode import decode
from pairmill.models.examples import Rows
from pairmill.models.tower_fit import Fit
from pairmill.pipeline.images import Images
from pairmill.pipeline.seeing import NO_LIMITS
from pairmill.pipeline.shard import Shard


@dataclass(frozen=True, kw_only=True)
class ImagePixels:
    """Image rows to pixels, (B, S, S, 3) uint8; images are decoded side by side, and not kept."""

    records: Sequence[ImageRecord]
    images: Images
    fit: Fit
    threads: int

    def __call__(self, rows: Rows) -> NDArray[np.uint8]:
        """Return the rows' pixels."""
        found = list(self._pool.map(self._read, rows.tolist()))
        side = self.fit.side
        return np.stack(found) if found else np.zeros((0, side, side, 3), np.uint8)

    def _read(self, row: int) -> NDArray[np.uint8]:
        return self.fit(decode(self.images.read(self.records[row]), NO_LIMITS).image)

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.threads, thread_name_prefix="pixels")


def image_records(shard: Shard, images: Images, ids: Sequence[str]) -> list[ImageRecord]:
    """Return the records of images and edits, in the order of `ids`."""
    found = {record.image_id: record
             for node, data_set in (("edit", "edits"), ("dedupe", "images"))
             for record in images.records([file for file in shard.files(node, data_set)
                                           if file.key.endswith(".parquet")])}  # fmt: skip
    return [found[image_id] for image_id in ids]
