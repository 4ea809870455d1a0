"""Find the largest scores of many queries, one block of a corpus at a time. Knows no id.

Q queries, C rows of a block, D dims, K neighbours asked for, W newcomers at most, G groups.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]

BLOCK_COLUMNS = 2048
"""Rows of a corpus multiplied at once: with some 512 queries, the scores (4 MB) stay in a cache
while they are compared, which costs a third of what it does from memory."""
GROUPS_PER_NEIGHBOUR = 4
"""Groups for each neighbour asked for: with 4, some 1.15 K scores of a block pass the floor."""
PATIENCE = 2
"""Newcomers for each neighbour asked for, on average, before they are selected among: selecting
seldom costs less than the few more newcomers that an older floor lets pass."""


def nearest(queries_QD: Floats, tiles: Sequence[tuple[int, Floats]], k: int) -> tuple[Rows, Floats]:
    """Return rows and scores of the k largest products of each query, (Q, k), best first.

    Args:
        tiles: first row and vectors, (any number, D), of each tile; at least k rows altogether.
    """
    num_queries, best = len(queries_QD), Best(len(queries_QD), k)
    widest = max((len(tile) for _, tile in tiles), default=0)
    space = np.empty(num_queries * min(widest, BLOCK_COLUMNS), np.float32)
    for first_row, tile in tiles:
        for start in range(0, len(tile), BLOCK_COLUMNS):
            block_CD = tile[start : start + BLOCK_COLUMNS]
            scores_QC = space[: num_queries * len(block_CD)].reshape(num_queries, len(block_CD))
            np.matmul(queries_QD, block_CD.T, out=scores_QC)
            best.take(first_row + start, scores_QC)
    return best.sorted()


class Best:
    """The k largest scores seen so far of each query, and their rows.

    Selecting among all scores of a block is slow; instead, only what passes a floor that is known
    to lie at or below the k-th best is kept aside, and selected among once that is worth it.
    """

    def __init__(self, num_queries: int, k: int) -> None:
        self._scores_QK = np.full((num_queries, k), -np.inf, np.float32)
        self._rows_QK = np.full((num_queries, k), -1, np.int64)
        self._floor_Q = np.full(num_queries, -np.inf, np.float32)
        self._aside: list[tuple[Rows, Rows, Floats]] = []
        self._num_aside = 0
        self._mask = np.empty(0, np.bool_)

    def take(self, first_row: int, scores_QC: Floats) -> None:
        """Take in the scores of one block whose rows count from `first_row`."""
        num_queries, k = self._scores_QK.shape
        if not np.isfinite(self._floor_Q).all():
            # What merely equals the worst so far changes nothing; what equals a group's does.
            under_Q = np.nextafter(group_floor(scores_QC, k), np.float32(-np.inf))
            self._floor_Q = np.maximum(self._floor_Q, under_Q)
        if self._mask.size < scores_QC.size:
            self._mask = np.empty(scores_QC.size, np.bool_)
        mask_QC = self._mask[: scores_QC.size].reshape(scores_QC.shape)
        flat = true_places(np.greater(scores_QC, self._floor_Q[:, None], out=mask_QC))
        if not len(flat):
            return
        query, column = np.divmod(flat, scores_QC.shape[1])
        self._aside.append((query, first_row + column, scores_QC.reshape(-1)[flat]))
        self._num_aside += len(flat)
        if self._num_aside >= PATIENCE * num_queries * k:
            self._select()

    def sorted(self) -> tuple[Rows, Floats]:
        """Return rows and scores, (Q, k), best first; row -1 where fewer were seen."""
        self._select()
        order_QK = np.argsort(-self._scores_QK, axis=1, kind="stable")
        return (
            np.take_along_axis(self._rows_QK, order_QK, axis=1),
            np.take_along_axis(self._scores_QK, order_QK, axis=1),
        )

    def _select(self) -> None:
        """Join what was kept aside with the best so far, and raise the floor."""
        if not self._num_aside:
            return
        parts = zip(*self._aside, strict=True)
        query, row, score = (np.concatenate(part) for part in parts)
        self._aside, self._num_aside = [], 0
        num_queries, k = self._scores_QK.shape
        small = np.uint16 if num_queries <= 2**16 else np.int64  # the former is sorted by digits
        order = np.argsort(query.astype(small), kind="stable")
        counts_Q = np.bincount(query, minlength=num_queries)
        slot = np.arange(len(query)) - np.repeat(np.cumsum(counts_Q) - counts_Q, counts_Q)
        query, row, score = query[order], row[order], score[order]
        most = 8 * k  # at once, so that one query with very many newcomers costs no memory
        for start in range(0, int(counts_Q.max()), most):
            part = (slot >= start) & (slot < start + most)
            cut = slice(None) if part.all() else part
            self._join(query[cut], slot[cut] - start, row[cut], score[cut])
        self._floor_Q = np.maximum(self._floor_Q, self._scores_QK.min(axis=1))

    def _join(self, query: Rows, slot: Rows, row: Rows, score: Floats) -> None:
        """Keep the k best of each query's own and its newcomers, each in a slot of its own."""
        num_queries, k = self._scores_QK.shape
        width = int(slot.max()) + 1
        scores_QW = np.full((num_queries, k + width), -np.inf, np.float32)
        rows_QW = np.full((num_queries, k + width), -1, np.int64)
        scores_QW[:, :k], rows_QW[:, :k] = self._scores_QK, self._rows_QK
        scores_QW[query, k + slot] = score
        rows_QW[query, k + slot] = row
        keep_QK = np.argpartition(scores_QW, width, axis=1)[:, width:]
        self._scores_QK = np.take_along_axis(scores_QW, keep_QK, axis=1)
        self._rows_QK = np.take_along_axis(rows_QW, keep_QK, axis=1)


def true_places(mask_QC: NDArray[np.bool_]) -> Rows:
    """Return where a mask is true, counted row by row; made for masks that hardly are anywhere.

    Looks at eight places at once, which takes a third of the time of numpy's own.
    """
    flat = mask_QC.reshape(-1)
    if len(flat) % 8:
        return np.flatnonzero(flat)
    words = flat.view(np.uint64)
    eights = np.flatnonzero(words != 0)
    within = np.flatnonzero(words[eights].view(np.bool_))
    places: Rows = eights[within >> 3] * 8 + (within & 7)
    return places


def group_floor(scores_QC: Floats, k: int) -> Floats:
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
    floor_Q: Floats = np.partition(maxima_QG, num_groups - k, axis=1)[:, -k]
    return floor_Q
