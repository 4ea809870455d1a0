"""Find the largest scores of many queries, one tile of a corpus at a time. Knows no id.

Q queries, C rows of a tile, D dims, K neighbours asked for, W newcomers at most, G groups.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

GROUPS_PER_NEIGHBOUR = 4
"""Groups for each neighbour asked for: with 4, some 1.15 K scores of a tile pass the floor."""


def nearest(
    queries_QD: NDArray[np.float32], tiles: Iterable[tuple[int, NDArray[np.float32]]], k: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return rows and scores of the k largest products of each query, (Q, k), best first.

    Args:
        tiles: first row and vectors, (C, D), of each tile; at least k rows altogether.
    """
    best = Best(len(queries_QD), k)
    space = np.empty(0, np.float32)
    for first_row, tile_CD in tiles:
        shape = (len(queries_QD), len(tile_CD))
        if space.size < shape[0] * shape[1]:
            space = np.empty(shape[0] * shape[1], np.float32)
        scores_QC = space[: shape[0] * shape[1]].reshape(shape)
        np.matmul(queries_QD, tile_CD.T, out=scores_QC)
        best.merge(first_row, scores_QC)
    order_QK = np.argsort(-best.scores_QK, axis=1, kind="stable")
    return (
        np.take_along_axis(best.rows_QK, order_QK, axis=1),
        np.take_along_axis(best.scores_QK, order_QK, axis=1),
    )


class Best:
    """The k largest scores seen so far of each query, in no order, and their rows."""

    def __init__(self, num_queries: int, k: int) -> None:
        self.scores_QK = np.full((num_queries, k), -np.inf, np.float32)
        self.rows_QK = np.full((num_queries, k), -1, np.int64)

    def merge(self, first_row: int, scores_QC: NDArray[np.float32]) -> None:
        """Take in the scores of one tile whose rows count from `first_row`.

        Selecting among all of a tile is slow; instead, only what passes a floor that is known to
        lie at or below the k-th best is gathered, and selected among.
        """
        num_queries, k = self.scores_QK.shape
        # What merely equals the worst so far changes nothing; what equals the group floor counts.
        under_floor_Q = np.nextafter(group_floor(scores_QC, k), np.float32(-np.inf))
        floor_Q = np.maximum(self.scores_QK.min(axis=1), under_floor_Q)
        flat = np.flatnonzero(scores_QC > floor_Q[:, None])
        query, column = np.divmod(flat, scores_QC.shape[1])
        counts_Q = np.bincount(query, minlength=num_queries)
        width = int(counts_Q.max(initial=0))
        if width == 0:
            return
        slot = k + np.arange(len(flat)) - np.repeat(np.cumsum(counts_Q) - counts_Q, counts_Q)
        pool_QKW = np.full((num_queries, k + width), -np.inf, np.float32)
        rows_QKW = np.full((num_queries, k + width), -1, np.int64)
        pool_QKW[:, :k], rows_QKW[:, :k] = self.scores_QK, self.rows_QK
        pool_QKW[query, slot] = scores_QC[query, column]
        rows_QKW[query, slot] = first_row + column
        keep_QK = np.argpartition(pool_QKW, width, axis=1)[:, width:]
        self.scores_QK = np.take_along_axis(pool_QKW, keep_QK, axis=1)
        self.rows_QK = np.take_along_axis(rows_QKW, keep_QK, axis=1)


def group_floor(scores_QC: NDArray[np.float32], k: int) -> NDArray[np.float32]:
    """Return for each query a number that at least k scores of its row reach, (Q,).

    The k-th largest of the maxima of disjoint groups is one: k groups hold such a score each.
    Minus infinity where the row is too short to be worth it.
    """
    num_queries, num_columns = scores_QC.shape
    num_groups = min(GROUPS_PER_NEIGHBOUR * k, num_columns // 2)
    if num_groups <= k:
        return np.full(num_queries, -np.inf, np.float32)
    maxima_QG = scores_QC[:, :num_groups].copy()
    for start in range(num_groups, num_columns, num_groups):
        part = scores_QC[:, start : start + num_groups]
        np.maximum(maxima_QG[:, : part.shape[1]], part, out=maxima_QG[:, : part.shape[1]])
    floor_Q: NDArray[np.float32] = np.partition(maxima_QG, num_groups - k, axis=1)[:, -k]
    return floor_Q
