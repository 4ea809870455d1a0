"""Check ids and vectors before a vector store takes them in. Knows no store.

N vectors, D dims.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

ID = re.compile(r"[0-9a-f]{32}")
NORM_TOLERANCE = 1e-3
"""Rounding to float16, as vectors are stored, changes a norm by half of that at most."""


def check_ids(collection: str, ids: Sequence[str], num_vectors: int) -> None:
    """Raise ValueError unless there is one id of 32 hexadecimal digits for each vector."""
    if len(ids) != num_vectors:
        raise ValueError(f"{collection}: {len(ids)} ids for {num_vectors} vectors")
    wrong = next((name for name in ids if not ID.fullmatch(name)), None)
    if wrong is not None:
        raise ValueError(f"{collection}: id {wrong!r}: wanted 32 hexadecimal digits")


def check_size(collection: str, wanted: int, had: int | None) -> None:
    """Raise ValueError where a collection of `wanted` dims is not possible, or has others."""
    if wanted < 1 or (had is not None and had != wanted):
        raise ValueError(
            f"{collection}: wanted size {wanted}, has size {had or 'none'}; drop it first"
        )


def check_k(collection: str, k: int) -> None:
    """Raise ValueError unless at least one neighbour is asked for."""
    if k < 1:
        raise ValueError(f"{collection}: k {k}: wanted at least 1")


def unit_vectors(collection: str, vectors: NDArray[np.float32], dim: int) -> NDArray[np.float32]:
    """Return float32 unit vectors, (N, dim), or raise ValueError."""
    vectors_ND = np.ascontiguousarray(vectors, np.float32)
    if vectors_ND.ndim != 2 or (len(vectors_ND) and vectors_ND.shape[1] != dim):
        raise ValueError(f"{collection}: wanted vectors (N, {dim}), got {vectors_ND.shape}")
    norms_N = np.sqrt(np.einsum("nd,nd->n", vectors_ND, vectors_ND))
    # Written so that NaN, which compares false with everything, is wrong too.
    wrong_N = np.flatnonzero(~(np.abs(norms_N - 1) <= NORM_TOLERANCE))
    if len(wrong_N):
        raise ValueError(
            f"{collection}: norm {norms_N[wrong_N[0]]} at row {wrong_N[0]} ({len(wrong_N)} such "
            f"rows), wanted 1 within {NORM_TOLERANCE}; normalise the vectors first"
        )
    return vectors_ND.reshape(-1, dim)
