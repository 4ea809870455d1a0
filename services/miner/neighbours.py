"""Ask the vector store for neighbours and score them again. Knows no band and no pair.

The store only proposes: what counts are the scores that `rescore` gives, with ties broken by a
hash of both ids, so that every exact engine leads to the same neighbours.

D dims.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pairmill.core.neighbours import Neighbour, rank, rescore
from pairmill.pipeline.progress import Progress
from pairmill.pipeline.shard import Shard, read_vectors
from pairmill.ports.objects import ObjectStore
from pairmill.ports.vectors import VectorStore
from services.miner.filling import Collection, collection_of, fill

Vector = NDArray[np.float32]
Ranked = dict[str, list[Neighbour]]
"""Each query's neighbours, best first."""

SLACK = 16
"""Neighbours asked for beyond the window: the query itself, near-ties, images kept out."""
CHUNK = 512
"""Queries a call, at most: enough for every core to have some."""
NEIGHBOURS = 16_384
"""Neighbours a call, at most, since their vectors are fetched together."""
NEAR_TIE = 1e-5
"""Engines' float32 scores of one pair differ by less, even at some thousand dimensions."""
TIES = 16
"""Times the window that are looked through for ties at its end. Equal vectors come by the
thousand (one caption for a whole class); beyond, which of them are seen is the engine's choice."""


@dataclass(frozen=True, kw_only=True)
class Neighbourhood:
    """Where neighbours are looked for, and which images must not be among them."""

    shard: Shard
    objects: ObjectStore
    vectors: VectorStore
    progress: Progress
    kept_out: frozenset[str]

    def window(self, space: str) -> int:
        """Return how many neighbours count in a space."""
        return self.shard.config.mining.of(space).last_rank


def ranked_neighbours(
    around: Neighbourhood, space: str, queries: Sequence[str], *, exact: bool = False
) -> Ranked:
    """Return each query's neighbours in one space; no entry without a vector there.

    exact: even of an approximate engine.
    """
    collection = collection_of(around.shard, space)
    if not collection.own:
        return {}
    asking = Asking(around=around, window=around.window(space), exact=exact)
    return asking.rank(collection, own_vectors(around, collection, queries))


def own_vectors(
    around: Neighbourhood, collection: Collection, queries: Sequence[str]
) -> dict[str, Vector]:
    """Return the vectors of those queries that have one, by id, in the order of their file."""
    ids, vectors_ND = read_vectors(around.objects, list(collection.own))
    wanted = set(queries)
    return {image: vectors_ND[row] for row, image in enumerate(ids) if image in wanted}


@dataclass(frozen=True, kw_only=True)
class Asking:
    """How a store is asked: for how many neighbours, and whether it must compare every vector."""

    around: Neighbourhood
    window: int
    exact: bool = False

    def rank(self, collection: Collection, queries: dict[str, Vector]) -> Ranked:
        """Fill the collection where it is not whole, and return each query's neighbours there."""
        around, names = self.around, list(queries)
        fill(collection, around.vectors, around.objects, around.progress)
        size = max(1, min(CHUNK, NEIGHBOURS // (self.window + SLACK)))
        ranked: Ranked = {}
        for start in range(0, len(names), size):
            around.progress.advance(0)
            chunk = {name: queries[name] for name in names[start : start + size]}
            ranked.update(self._rank_chunk(collection, chunk))
        return ranked

    def _rank_chunk(self, collection: Collection, chunk: dict[str, Vector]) -> Ranked:
        """Widen the search for each query until its window is settled, or it has seen all."""
        ranked: Ranked = {}
        k, total = self.window + SLACK, collection.total
        while chunk:
            queries_QD = np.stack(list(chunk.values()))
            near = self.around.vectors.search(
                collection.name, queries_QD, min(k, total), exact=self.exact
            )
            proposed = dict(zip(chunk, near.ids, strict=True))
            found = self._score(collection, chunk, proposed)
            for (query, best), scores in zip(found.items(), near.scores, strict=True):
                if k >= total or _settled(best, scores, k, self.window):
                    ranked[query] = best
            chunk = {query: query_D for query, query_D in chunk.items() if query not in ranked}
            k *= 4
        return ranked

    def _score(
        self, collection: Collection, chunk: dict[str, Vector], proposed: dict[str, list[str]]
    ) -> Ranked:
        unique = sorted({image for ids in proposed.values() for image in ids})
        vectors_UD = self.around.vectors.fetch(collection.name, unique)
        row_of = {image: row for row, image in enumerate(unique)}
        ranked = {}
        for query, ids in proposed.items():
            scores = rescore(chunk[query], vectors_UD[[row_of[image] for image in ids]])
            ranked[query] = rank(query, zip(ids, scores, strict=True), self.around.kept_out)
        return ranked


def _settled(best: list[Neighbour], scores: list[float], k: int, window: int) -> bool:
    """Say whether no image that the engine left out can belong into the window."""
    if len(best) < window:
        return False
    return best[window - 1][1] > scores[-1] + NEAR_TIE or k >= TIES * window
