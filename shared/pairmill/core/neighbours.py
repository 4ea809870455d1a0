"""Score, rank and merge neighbours so that every machine gets the same. Knows no pair and no store.

An index only proposes candidates: `rescore` gives the scores that count, and `rank` an order in
which nothing depends on who proposed them, so that two engines mine the same pairs.

Legend: K neighbours, D dims.
"""

from collections.abc import Collection, Iterable, Sequence
from itertools import chain, groupby

import numpy as np
from numpy.typing import NDArray

from pairmill.core.ids import sha256_hex

Neighbour = tuple[str, float]
"""An id and its cosine."""


def rescore(query_D: NDArray[np.float32], neighbours_KD: NDArray[np.float32]) -> list[float]:
    """Return the cosine of one unit vector with K others.

    Products of float16 values are exact in float64 and their sum nearly so; rounding it to
    float32 hides the order of summation, so that every machine gets the same scores.
    """
    scores = neighbours_KD.astype(np.float64) @ query_D.astype(np.float64)
    return [float(score) for score in scores.astype(np.float32)]


def rank(query_id: str, neighbours: Iterable[Neighbour], skip: Collection[str]) -> list[Neighbour]:
    """Return neighbours, best first, without the query and what `skip` holds.

    Equal scores are ordered by a hash of both ids: arbitrary, but the same everywhere.
    """
    kept = [(i, s) for i, s in neighbours if i != query_id and i not in skip]
    kept.sort(key=_score, reverse=True)
    ranked: list[Neighbour] = []
    for _, equal in groupby(kept, key=_score):
        tied = list(equal)
        ranked += tied if len(tied) == 1 else sorted(tied, key=lambda n: _tie(query_id, n[0]))
    return ranked


def merge(query_id: str, heaps: Iterable[Sequence[Neighbour]], k: int) -> list[Neighbour]:
    """Return the k best of several lists of one query's neighbours, best first.

    Merging knows no order: (a + b) + c = a + (b + c), a + b = b + a, a + a = a, as long as an id
    has the same score wherever it comes and each list holds its own k best.
    """
    return rank(query_id, dict(chain.from_iterable(heaps)).items(), ())[:k]


def _score(neighbour: Neighbour) -> float:
    return neighbour[1]


def _tie(query_id: str, neighbour_id: str) -> str:
    return sha256_hex(f"{query_id}/{neighbour_id}".encode())
