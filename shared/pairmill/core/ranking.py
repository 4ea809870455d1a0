"""Rank a query's targets among its candidates, ties against them. Knows scores and rows only.

Shapes: Q queries, N candidates. A row is a candidate's column in the scores.
Rules: reference/benchmarks of MMEB, CIRR and GeneCIS put the right candidate first, so a constant
or NaN score would win there: every equal score ranks above a target, and NaN is an error.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pairmill.core.errors import ScoreError


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One query's rows: what it should find, what is taken out, and what it may choose from.

    targets: at least one, none of them removed. removed: the query image and its like.
    gallery: the query's own candidates, all its targets among them; empty means every row.
    """

    targets: tuple[int, ...]
    removed: tuple[int, ...] = ()
    gallery: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.targets:
            raise ValueError("a query without targets cannot be ranked: leave it out")
        if set(self.targets) & set(self.removed):
            raise ValueError(f"targets {self.targets} and removed {self.removed} overlap")
        if self.gallery and not set(self.targets) <= set(self.gallery):
            raise ValueError(f"targets {self.targets} are not among the candidates")


def target_ranks(
    scores_QN: NDArray[np.float32], asked: Sequence[Asked], *, tolerance: float = 0.0
) -> list[tuple[int, ...]]:
    """Return each query's target ranks, from 1, ascending: one rank a target.

    A target's rank counts every candidate whose score is not below its own by more than
    `tolerance`, and the better targets; targets do not count against each other when equal.
    tolerance: at least the rounding of a score, so that equal embeddings stay equal.
    Raises ScoreError where a score is not finite.
    """
    if scores_QN.shape[0] != len(asked):
        raise ValueError(f"got {scores_QN.shape[0]} rows of scores for {len(asked)} queries")
    refuse_non_finite(scores_QN)
    return [
        _ranks(scores_N, one, tolerance) for scores_N, one in zip(scores_QN, asked, strict=True)
    ]


def best_rows(scores_N: NDArray[np.float32], asked: Asked, k: int) -> list[int]:
    """Return the rows of the `k` best candidates, best first, equal ones with targets last."""
    refuse_non_finite(scores_N)
    rows = np.array(sorted(set(asked.gallery)) or range(len(scores_N)))
    rows = rows[~np.isin(rows, asked.removed)]
    order = np.lexsort((rows, np.isin(rows, asked.targets), -scores_N[rows]))
    return [int(row) for row in rows[order[:k]]]


def refuse_non_finite(scores: NDArray[np.float32]) -> None:
    """Raise ScoreError where any score is NaN or infinite."""
    num_bad = int(scores.size - np.count_nonzero(np.isfinite(scores)))
    if num_bad:
        raise ScoreError(
            f"got {num_bad} scores of {scores.size} that are NaN or infinite, wanted none: the "
            "embeddings are broken; train anew, or look at the features they were made from"
        )


def _ranks(scores_N: NDArray[np.float32], asked: Asked, tolerance: float) -> tuple[int, ...]:
    targets = list(set(asked.targets))
    aside = list({*targets, *asked.removed})
    if asked.gallery:
        rivals, aside = scores_N[list(set(asked.gallery) - set(aside))], []
    else:
        rivals = scores_N
    best_first = sorted((float(scores_N[row]) for row in targets), reverse=True)
    floors = [np.float64(score) - tolerance for score in best_first]
    ahead = (_num_from(rivals, low) - _num_from(scores_N[aside], low) for low in floors)
    return tuple(num + place for place, num in enumerate(ahead, start=1))


def _num_from(scores: NDArray[np.float32], low: np.float64) -> int:
    return int(np.count_nonzero(scores >= low))
