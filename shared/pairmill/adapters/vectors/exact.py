"""Search vectors exactly, by tiled matrix products in memory. Knows ids and cosines; no image.

N vectors, Q queries, D dims.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pairmill.adapters.vectors.checks import check_ids, check_k, check_size, unit_vectors
from pairmill.adapters.vectors.nearest import nearest
from pairmill.adapters.vectors.rows import Rows
from pairmill.adapters.vectors.side import num_cores, side_by_side
from pairmill.ports.vectors import Neighbours

MOST_QUERIES = 512
"""Of a block: enough that the product, not the reading of the corpus, takes the time."""
FEWEST_QUERIES = 64
"""Fewer are not worth a core of their own."""


class ExactVectors:
    """A vector store in this process's memory, for many readers or one writer at a time.

    tile: rows of a corpus that lie together, and the most that are multiplied at once, of queries
    as well; what a search needs beside the vectors and its answer is some 10 MB a core, however
    large both are.
    Ids that are not hexadecimal of 32 digits, and vectors that are not finite or differ from
    norm 1 by more than 0.001, are a ValueError; so are such queries.
    """

    def __init__(self, tile: int = 4096) -> None:
        if tile < 1:
            raise ValueError(f"tile {tile}: wanted at least 1 row")
        self._tile = tile
        self._collections: dict[str, Rows] = {}

    @property
    def approximate(self) -> bool:
        """No: every vector is compared."""
        return False

    def create(self, collection: str, dim: int) -> None:
        """Create an empty collection for vectors of size `dim`; one of that size is left alone."""
        found = self._collections.get(collection)
        check_size(collection, dim, found.dim if found else None)
        if not found:
            self._collections[collection] = Rows(dim, self._tile)

    def upsert(self, collection: str, ids: Sequence[str], vectors_ND: NDArray[np.float32]) -> None:
        """Write vectors; an id that exists is overwritten."""
        rows = self._collections[collection]
        vectors_ND = unit_vectors(collection, vectors_ND, rows.dim)
        check_ids(collection, ids, len(vectors_ND))
        rows.write(ids, vectors_ND)

    def count(self, collection: str) -> int:
        """Return how many ids the collection holds; 0 for a missing one."""
        found = self._collections.get(collection)
        return len(found.ids) if found else 0

    def search(
        self, collection: str, queries_QD: NDArray[np.float32], k: int, *, exact: bool = True
    ) -> Neighbours:
        """Return the k nearest of each query, fewer where the collection holds fewer."""
        rows = self._collections[collection]
        queries_QD = unit_vectors(collection, queries_QD, rows.dim)
        check_k(collection, k)
        if not rows.ids:
            return Neighbours(ids=[[] for _ in queries_QD], scores=[[] for _ in queries_QD])
        tiles, most = list(rows.tiles()), min(k, len(rows.ids))
        size = block_rows(len(queries_QD), self._tile)
        blocks = [queries_QD[i : i + size] for i in range(0, len(queries_QD), size)]
        if not blocks:
            return Neighbours(ids=[], scores=[])
        parts = side_by_side(lambda block: nearest(block, tiles, most), blocks)
        rows_QK, scores_QK = (np.concatenate(part) for part in zip(*parts, strict=True))
        return Neighbours(ids=names_of(rows_QK, rows.ids), scores=scores_QK.tolist())

    def fetch(self, collection: str, ids: Sequence[str]) -> NDArray[np.float32]:
        """Return the stored vectors of `ids`, in their order, (len(ids), dim)."""
        return self._collections[collection].read(ids)

    def delete(self, collection: str, ids: Sequence[str]) -> None:
        """Remove ids; missing ones are no error."""
        self._collections[collection].remove(ids)

    def drop(self, collection: str) -> None:
        """Remove the whole collection; a missing one is no error."""
        self._collections.pop(collection, None)


def block_rows(num_queries: int, tile: int) -> int:
    """Return how many queries each core takes at a time."""
    share = -(-num_queries // num_cores())
    return max(1, min(tile, MOST_QUERIES, max(share, FEWEST_QUERIES)))


def names_of(rows_QK: NDArray[np.int64], ids: Sequence[str]) -> list[list[str]]:
    """Return the ids of rows."""
    if rows_QK.size < len(ids):
        return [[ids[row] for row in near] for near in rows_QK.tolist()]
    # an array of all ids is made sooner than so many are looked up one by one
    found: list[list[str]] = np.array(ids, object)[rows_QK].tolist()
    return found
