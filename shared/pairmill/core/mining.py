"""Choose pairs among ranked neighbours: rank windows, bands, negatives.

Knows ids, scores and records; knows no image, store or queue.

Legend: N vectors, D dims.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pairmill.core.ids import generator, pair_id
from pairmill.core.neighbours import Neighbour
from pairmill.core.records import Band, Pair, Relation


@dataclass(frozen=True, kw_only=True)
class Window:
    """Ranks (from 1, both ends in) and the band that a space's pairs must lie in, and how many
    pairs the space may give a query."""

    first_rank: int
    last_rank: int
    band: Band
    num_pairs: int

    def cut(self, ranked: Sequence[Neighbour]) -> list[Relation]:
        """Return the neighbours inside the window and the band, as relations, best first."""
        return [
            Relation(space=self.band.space, rank=position, score=score)
            for position, (_, score) in enumerate(ranked[: self.last_rank], start=1)
            if position >= self.first_rank and self.band.holds(score)
        ]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """How many hard negatives a pair gets, and the seed that they are drawn by."""

    seed: int
    num_negatives: int


def choose_pairs(
    query_id: str,
    ranked: Mapping[str, Sequence[Neighbour]],
    windows: Mapping[str, Window],
    choice: Choice,
) -> list[Pair]:
    """Return the pairs of one query: the union over spaces, each with every space that found it.

    Args:
        ranked: for each space the query's neighbours, best first.
        windows: for each space which of them may become pairs.
    """
    found: dict[str, list[Relation]] = {}
    for space, window in windows.items():
        for relation in window.cut(ranked[space]):
            found.setdefault(ranked[space][relation.rank - 1][0], []).append(relation)
    chosen: set[str] = set()
    for space, window in windows.items():
        # nearest first: ranks 1 to 5 of every space hold the pairs that differ in one thing
        near = sorted((r.rank, t) for t, rs in found.items() for r in rs if r.space == space)
        chosen.update(target for _, target in near[: window.num_pairs])
    pool = sorted(found)
    return [
        Pair(
            pair_id=pair_id(query_id, target),
            query_id=query_id,
            target_id=target,
            relations=tuple(found[target]),
            negatives=negatives(query_id, target, pool, choice),
        )
        for target in sorted(chosen)
    ]


def negatives(
    query_id: str, target_id: str, pool: Sequence[str], choice: Choice
) -> tuple[str, ...]:
    """Return a pair's hard negatives: the query image always first, then other neighbours.

    Without the query image as a negative a retriever learns to return the query itself: CIRCO
    mAP@5 10.1 without, 29.7 with it (MegaPairs, arXiv 2412.14475, table 4).
    """
    others = [image for image in pool if image not in (target_id, query_id)]
    order = generator(choice.seed, "negatives", pair_id(query_id, target_id))
    drawn = order.permutation(len(others))[: choice.num_negatives - 1]
    return (query_id, *(others[i] for i in sorted(drawn)))


def quantile_band(space: str, vectors_ND: NDArray[np.float32], low: float, high: float) -> Band:
    """Return the band between two quantiles of the cosines among N sampled images.

    Rounded to 5 decimals, which hides the order of summation of the matrix product.
    """
    num = len(vectors_ND)
    if num < 2:
        return Band(space=space, low=-1.0, high=1.0, num_sampled=num)
    cosines_NN = vectors_ND @ vectors_ND.T
    pairs = cosines_NN[np.triu_indices(num, k=1)]
    bounds = [round(float(np.quantile(pairs, q)), 5) for q in (low, high)]
    # the maximum of a sample says nothing of the corpus: its nearest pairs must not be cut
    return Band(space=space, low=bounds[0], high=1.001 if high >= 1 else bounds[1], num_sampled=num)
