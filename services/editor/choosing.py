"""Decide which images of a run are edited. Knows ids and the benchmark; reads no pixel."""

import heapq

from pairmill.core.ids import order_key, sha256_hex
from pairmill.pipeline.benchmark import CORPUS, benchmark_ids
from pairmill.pipeline.images import load_catalog
from pairmill.pipeline.shard import Shard
from pairmill.ports.objects import ObjectStore

KEPT_SETS = 4
"""A worker meets one run at a time; a few more cost little and spare the work of every shard."""

_found: dict[str, frozenset[str]] = {}


def chosen_ids(shard: Shard, objects: ObjectStore) -> frozenset[str]:
    """Return the ids of the `editing.max_images` images of the corpus that are edited.

    They are drawn by id from the whole corpus, so that no shard's size shows. Images of a
    benchmark or a gallery are never among them. Drawn once a process.
    """
    wanted, spec = shard.config.editing.max_images, shard.graph.spec
    if not wanted:
        return frozenset()
    parts = (spec.name, spec.config.digest, spec.gallery, spec.benchmark, shard.digest())
    name = sha256_hex("\n".join(parts).encode())
    if name not in _found:
        while len(_found) >= KEPT_SETS:
            del _found[next(iter(_found))]
        ids = load_catalog(objects, shard.files(CORPUS, "images")).keys()
        free = ids - benchmark_ids(shard, objects)
        seed = shard.config.seed
        drawn = heapq.nsmallest(
            wanted, free, key=lambda image_id: order_key(seed, "edit", image_id)
        )
        _found[name] = frozenset(drawn)
    return _found[name]
