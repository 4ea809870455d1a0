"""Read some of a space's vectors: a sample drawn by id, or a shard's own. Knows no pair.

M sampled vectors, D dims.
"""

import numpy as np
from numpy.typing import NDArray

from pairmill.core.cells import Cell, nearest_centres
from pairmill.core.ids import order_key
from pairmill.pipeline.shard import Shard, read_vectors
from pairmill.ports.objects import ObjectStore
from services.miner.filling import collection_of, space_files


def sampled_vectors(
    shard: Shard, objects: ObjectStore, space: str, num: int
) -> NDArray[np.float32]:
    """Return the vectors of `num` images drawn by id, in the order of the draw, (M, D).

    Reads file by file and holds no more than the sample and one file.
    """
    seed = shard.config.seed
    keys, sample_MD = list[str](), np.zeros((0, 0), np.float32)
    for file in space_files(shard, space):
        ids, vectors_ND = read_vectors(objects, [file])
        keys += [order_key(seed, "bands", image) for image in ids]
        all_ND = np.concatenate([sample_MD, vectors_ND]) if len(sample_MD) else vectors_ND
        rows = sorted(range(len(keys)), key=keys.__getitem__)[:num]
        keys, sample_MD = [keys[row] for row in rows], all_ND[rows]
    return sample_MD


def own_cells(shard: Shard, objects: ObjectStore) -> list[Cell]:
    """Return the cells of the shard's own images; none for an image without a vector."""
    _, centres_MD = read_vectors(objects, shard.files("bands", "centres"))
    own = collection_of(shard, shard.config.mining.spaces[0]).own
    ids, vectors_ND = read_vectors(objects, list(own))
    if not ids:
        return []
    cells = nearest_centres(vectors_ND, centres_MD).tolist()
    return [Cell(image_id=image, cell=cell) for image, cell in zip(ids, cells, strict=True)]
