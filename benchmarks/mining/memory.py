"""Mine one shard's images among many on a disk, as the miner does, and say what memory it took.

Run as a program, `python -m benchmarks.mining.memory NUM`, so that nothing else is in the figure.
"""

import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from pairmill.adapters.objects.folder import FolderObjects
from pairmill.adapters.vectors.exact import ExactVectors
from pairmill.config import RunConfig
from pairmill.core.ids import sha256_hex
from pairmill.core.tables import to_arrow
from pairmill.pipeline.checkpoint import Checkpoints
from pairmill.pipeline.commit import Commit, Counts, DataFile
from pairmill.pipeline.graph import Graph, RunSpec
from pairmill.pipeline.progress import Silent
from pairmill.pipeline.shard import Shard
from services.miner.filling import collection_of
from services.miner.neighbours import Neighbourhood
from services.miner.scanning import scanned_neighbours, tiles_of

SPACE, DIM = "visual_semantic", 256
ROWS, QUERIES = 10_000, 512
"""Of a file of the corpus; of the shard that is mined, as an ingest shard has them."""


def write_files(objects: FolderObjects, num: int) -> Iterator[DataFile]:
    """Write the embeddings of `num` images, a file at a time; the first is the mined shard's."""
    rng = np.random.default_rng(0)
    starts = [0, *range(QUERIES, num, ROWS), num]
    for number, (start, end) in enumerate(pairwise(starts)):
        vectors_ND = rng.standard_normal((end - start, DIM), np.float32)
        vectors_ND /= np.linalg.norm(vectors_ND, axis=1, keepdims=True)
        data = to_arrow([f"{i:032x}" for i in range(start, end)], vectors_ND)
        key = f"embeddings/{number:06d}.arrow"
        objects.put(key, data)
        yield DataFile(data_set=f"embeddings/{SPACE}-id", key=key, shard=f"{number:06d}",
                       sha256=sha256_hex(data), num_rows=end - start,
                       num_bytes=len(data))  # fmt: skip


def mine_one_shard(folder: Path, num: int) -> dict[str, Any]:
    """Return the seconds and the largest memory of mining a shard among `num` images."""
    objects = FolderObjects(folder)
    facts = {"spaces": [{"name": SPACE, "space_id": f"{SPACE}-id", "dim": DIM}]}
    commit = Commit(node="embed", shard="000000", inputs="", counts=Counts(inputs=0, outputs=0),
                    files=tuple(write_files(objects, num)), facts=facts)  # fmt: skip
    spec = RunSpec(name="r", corpus="c", encoder_id="e", config=RunConfig())
    shard = Shard(name="000000", graph=Graph(spec), home="runs/r", commits={"embed": (commit,)})
    around = Neighbourhood(shard=shard, objects=objects, vectors=ExactVectors(),
                           progress=Silent(), kept_out=frozenset())  # fmt: skip
    started = time.monotonic()
    queries = [f"{i:032x}" for i in range(QUERIES)]
    found = scanned_neighbours(around, [SPACE], queries, Checkpoints(objects, "unfinished"))
    assert len(found[SPACE]) == QUERIES
    return {
        "images": num, "mined": QUERIES, "seconds": round(time.monotonic() - started, 1),
        "tiles": len(list(tiles_of({SPACE: collection_of(shard, SPACE)}))),
        "peak_kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }  # fmt: skip


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        print(json.dumps(mine_one_shard(Path(made), int(sys.argv[1]))))
