"""Look at a pool's images anew, by trained towers. Knows images, rows and towers; knows no
retriever and no figure.

Shapes: P images of the pool, F image features
"""

from collections.abc import Mapping

import numpy as np

from pairmill.core.errors import RejectError
from pairmill.core.records import ImageRecord
from pairmill.pipeline.benchmark import CORPUS, GALLERY
from pairmill.pipeline.images import Images, Pictures, load_catalog
from pairmill.pipeline.progress import Progress
from pairmill.pipeline.seeing import Pixels, load_pixels, see
from pairmill.pipeline.shard import Shard
from pairmill.ports.encoder import Towers
from services.evaluator.asking import Pool


def look_anew(
    shard: Shard, pictures: Pictures, towers: Towers, pool: Pool, progress: Progress
) -> Pool:
    """Return the pool with what the towers see in its images beside the features that it has.

    Images that they cannot see, because a source has lost or changed them, are left out and told.
    """
    placed = _places(shard, pictures)

    def load(record: ImageRecord) -> Pixels | RejectError:
        return load_pixels(placed[record.image_id][1], towers, record)

    records = [placed[image_id][0] for image_id in pool.ids]
    rows, lost = list[int](), list[tuple[str, RejectError]]()
    found = [np.zeros((0, towers.image_dim), np.float32)]
    progress.total(len(records))
    for seen in see(towers, records, load, shard.config.encoder):
        rows.extend(pool.row_of[record.image_id] for record in seen.records)
        found.append(seen.features_BF)
        lost.extend((record.image_id, why) for record, why in seen.lost)
        progress.advance(len(seen))
    features_PF = np.concatenate([pool.features_PF[rows], np.concatenate(found)], axis=1)
    return Pool(ids=tuple(pool.ids[row] for row in rows), features_PF=features_PF,
                num_searched=sum(row < pool.num_searched for row in rows),
                lost=tuple(lost))  # fmt: skip


def _places(shard: Shard, pictures: Pictures) -> Mapping[str, tuple[ImageRecord, Images]]:
    """Return every image's record by id, and what reads it."""
    found: dict[str, tuple[ImageRecord, Images]] = {}
    for node, images in ((GALLERY, pictures.gallery), (CORPUS, pictures.corpus)):
        if node in shard.commits:
            catalog = load_catalog(images.objects, shard.files(node, "images"))
            found |= {image_id: (record, images) for image_id, record in catalog.items()}
    return found
