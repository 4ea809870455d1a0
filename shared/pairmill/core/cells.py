"""Divide a space into semantic cells by k-means. Knows unit vectors; knows no image.

Vectors and centres are float16 values: their products are exact in float64, and so is a sum of
any length that matters here, so that every machine finds the same cells.

N vectors, M cells, D dims.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ROUNDS = 12
"""Lloyd's iterations, at most; centres move little after a dozen."""
CHUNK = 4096
"""Vectors compared with all centres at once."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """The semantic cell that an image lies in, counted from 0."""

    image_id: str
    cell: int


def find_centres(vectors_ND: NDArray[np.float32], num_cells: int) -> NDArray[np.float32]:
    """Return the unit centres of spherical k-means, (M, D), M at most the number of vectors.

    Args:
        vectors_ND: unit vectors in an order that does not matter to anybody, drawn by id: the
            first ones are where the centres start.
    """
    centres_MD = _halved(vectors_ND[:num_cells].astype(np.float64))
    before_N = np.full(len(vectors_ND), -1)
    for _ in range(ROUNDS):
        cells_N = nearest_centres(vectors_ND, centres_MD)
        if np.array_equal(cells_N, before_N):
            break
        sums_MD = _sums(vectors_ND, cells_N, len(centres_MD))
        norms_M1 = np.linalg.norm(sums_MD, axis=1, keepdims=True)
        moved_MD = _halved(sums_MD / np.where(norms_M1 > 0, norms_M1, 1))
        # an empty cell keeps its centre
        centres_MD = np.where(norms_M1 > 0, moved_MD, centres_MD)
        before_N = cells_N
    return centres_MD


def nearest_centres(
    vectors_ND: NDArray[np.float32], centres_MD: NDArray[np.float32]
) -> NDArray[np.int64]:
    """Return each vector's cell, (N,): the centre of largest cosine, the first of equal ones."""
    centres_DM = centres_MD.astype(np.float64).T
    parts = [
        np.argmax(vectors_ND[start : start + CHUNK].astype(np.float64) @ centres_DM, axis=1)
        for start in range(0, len(vectors_ND), CHUNK)
    ]
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def _sums(
    vectors_ND: NDArray[np.float32], cells_N: NDArray[np.int64], num_cells: int
) -> NDArray[np.float64]:
    """Return the sum of each cell's vectors, (M, D)."""
    sums_MD = np.zeros((num_cells, vectors_ND.shape[1]), np.float64)
    order = np.argsort(cells_N, kind="stable")
    filled, starts = np.unique(cells_N[order], return_index=True)
    sums_MD[filled] = np.add.reduceat(vectors_ND[order].astype(np.float64), starts, axis=0)
    return sums_MD


def _halved(vectors_MD: NDArray[np.float64]) -> NDArray[np.float32]:
    return vectors_MD.astype(np.float16).astype(np.float32)
