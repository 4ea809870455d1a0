"""Ask the vector store for neighbours and score them again. Knows no band and no pair.

One collection per corpus and space id, filled from the embeddings' commits and counted before
use, so that a lost or half-filled collection is filled anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pairmill.core.mining import Neighbour, rank, rescore
from pairmill.pipeline.shard import Shard, read_vectors
from pairmill.ports.objects import ObjectStore
from pairmill.ports.vectors import VectorStore

SLACK = 16
"""Neighbours asked for beyond the window: the query itself, near-ties, images kept out."""
CHUNK = 128
"""Queries a call."""


@dataclass(frozen=True, kw_only=True)
class Neighbourhood:
    """Where neighbours are looked for, and which images must not be among them."""

    shard: Shard
    objects: ObjectStore
    vectors: VectorStore
    kept_out: frozenset[str]


def space_ids(shard: Shard) -> Mapping[str, str]:
    """Return each space's id, by its name."""
    commits = shard.commits["embed"]
    return {s["name"]: s["space_id"] for c in commits for s in c.facts["spaces"]}


def ranked_neighbours(
    around: Neighbourhood, space: str, queries: list[str]
) -> dict[str, list[Neighbour]]:
    """Return each query's neighbours in one space, best first; no entry without a vector there."""
    space_id = space_ids(around.shard)[space]
    files = around.shard.files("embed", f"embeddings/{space_id}")
    collection = f"{around.shard.graph.spec.corpus}-{space_id}"
    total = sum(file.num_rows for file in files)
    if not total:
        return {}
    if around.vectors.count(collection) != total:
        ids, vectors_ND = read_vectors(around.objects, files)
        around.vectors.drop(collection)
        around.vectors.create(collection, vectors_ND.shape[1])
        around.vectors.upsert(collection, ids, vectors_ND)
    own = [file for file in files if file.shard == around.shard.name]
    ids, vectors_ND = read_vectors(around.objects, own)
    wanted = set(queries)
    rows = [row for row, image in enumerate(ids) if image in wanted]
    found: dict[str, list[Neighbour]] = {}
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        chunk = {ids[row]: vectors_ND[row] for row in part}
        found.update(_rank_chunk(around, collection, chunk))
    return found


def _rank_chunk(
    around: Neighbourhood, collection: str, chunk: dict[str, NDArray[np.float32]]
) -> dict[str, list[Neighbour]]:
    """Widen the search until every query has its window full, or has seen everything."""
    window = around.shard.config.mining.last_rank
    total, k = around.vectors.count(collection), window + SLACK
    while True:
        ranked = _search(around, collection, chunk, min(k, total))
        if k >= total or all(len(near) >= window for near in ranked.values()):
            return ranked
        k *= 4


def _search(
    around: Neighbourhood, collection: str, chunk: dict[str, NDArray[np.float32]], k: int
) -> dict[str, list[Neighbour]]:
    queries_QD = np.stack(list(chunk.values()))
    near = around.vectors.search(collection, queries_QD, k)
    unique = sorted({image for ids in near.ids for image in ids})
    vectors_UD = around.vectors.fetch(collection, unique)
    row_of = {image: row for row, image in enumerate(unique)}
    ranked = {}
    for query, query_D, ids in zip(chunk, queries_QD, near.ids, strict=True):
        scores = rescore(query_D, vectors_UD[[row_of[image] for image in ids]])
        ranked[query] = rank(query, zip(ids, scores, strict=True), around.kept_out)
    return ranked
