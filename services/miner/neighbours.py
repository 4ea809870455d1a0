"""Ask the vector store for neighbours and score them again. Knows no band and no pair.

The store only proposes: what counts are the scores that `rescore` gives, with ties broken by a
hash of both ids, so that every exact engine leads to the same neighbours.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pairmill.core.mining import Neighbour, rank, rescore
from pairmill.pipeline.progress import Progress
from pairmill.pipeline.shard import Shard, read_vectors
from pairmill.ports.objects import ObjectStore
from pairmill.ports.vectors import VectorStore
from services.miner.filling import Collection, collection_of, fill

SLACK = 16
"""Neighbours asked for beyond the window: the query itself, near-ties, images kept out."""
CHUNK = 128
"""Queries a call."""
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

    @property
    def window(self) -> int:
        """How many neighbours count."""
        return self.shard.config.mining.last_rank


def ranked_neighbours(
    around: Neighbourhood, space: str, queries: Sequence[str], *, exact: bool = False
) -> dict[str, list[Neighbour]]:
    """Return each query's neighbours in one space, best first; no entry without a vector there.

    exact: even of an approximate engine.
    """
    collection = collection_of(around.shard, space)
    if not collection.own:
        return {}
    fill(collection, around.vectors, around.objects, around.progress)
    ids, vectors_ND = read_vectors(around.objects, list(collection.own))
    wanted = set(queries)
    rows = [row for row, image in enumerate(ids) if image in wanted]
    found: dict[str, list[Neighbour]] = {}
    for start in range(0, len(rows), CHUNK):
        around.progress.advance(0)
        chunk = {ids[row]: vectors_ND[row] for row in rows[start : start + CHUNK]}
        found.update(_rank_chunk(around, collection, chunk, exact))
    return found


def _rank_chunk(
    around: Neighbourhood,
    collection: Collection,
    chunk: dict[str, NDArray[np.float32]],
    exact: bool,
) -> dict[str, list[Neighbour]]:
    """Widen the search for each query until its window is settled, or it has seen everything."""
    ranked: dict[str, list[Neighbour]] = {}
    k, total = around.window + SLACK, collection.total
    while chunk:
        near = around.vectors.search(
            collection.name, np.stack(list(chunk.values())), min(k, total), exact=exact
        )
        proposed = dict(zip(chunk, near.ids, strict=True))
        found = _rank(around, collection, chunk, proposed)
        for (query, best), scores in zip(found.items(), near.scores, strict=True):
            if k >= total or _settled(best, scores, k, around.window):
                ranked[query] = best
        chunk = {query: query_D for query, query_D in chunk.items() if query not in ranked}
        k *= 4
    return ranked


def _settled(best: list[Neighbour], scores: list[float], k: int, window: int) -> bool:
    """Say whether no image that the engine left out can belong into the window."""
    if len(best) < window:
        return False
    return best[window - 1][1] > scores[-1] + NEAR_TIE or k >= TIES * window


def _rank(
    around: Neighbourhood,
    collection: Collection,
    chunk: dict[str, NDArray[np.float32]],
    proposed: dict[str, list[str]],
) -> dict[str, list[Neighbour]]:
    unique = sorted({image for ids in proposed.values() for image in ids})
    vectors_UD = around.vectors.fetch(collection.name, unique)
    row_of = {image: row for row, image in enumerate(unique)}
    ranked = {}
    for query, ids in proposed.items():
        scores = rescore(chunk[query], vectors_UD[[row_of[image] for image in ids]])
        ranked[query] = rank(query, zip(ids, scores, strict=True), around.kept_out)
    return ranked
