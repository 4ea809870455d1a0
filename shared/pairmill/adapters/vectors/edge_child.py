"""Hold Qdrant Edge in a process of its own: read calls from stdin, answer on stdout.

Run as a program by edge_process.py. Building a graph holds the interpreter for minutes, takes
memory, and may crash: here it harms nobody else. Ends, and removes its folder, once stdin does.
"""

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import qdrant_edge as edge

from pairmill.adapters.vectors.edge_frames import Answer, read_frame, write_frame

LINKS, BUILD_WIDTH = 16, 100
"""Of the graph; Qdrant's own defaults."""
POINTS = 4096
"""Written by one operation."""


@dataclass
class Collection:
    """One Edge shard in a folder of its own."""

    shard: Any
    folder: Path
    dim: int
    index_kb: int

    def ready(self) -> None:
        """Build the graph where more vectors than that many kB have none."""
        info = self.shard.info()
        waiting = info.points_count - info.indexed_vectors_count
        if waiting * self.dim * 4 > self.index_kb * 1024:
            self.shard.optimize()


@dataclass
class Holder:
    """Every collection, each in `<folder>/<number>`. One method a call."""

    folder: Path
    index_kb: int
    collections: dict[str, Collection] = field(default_factory=dict)
    num_made: int = 0

    def create(self, call: dict[str, Any], _: bytes) -> Answer:
        """Make an empty collection."""
        config = edge.EdgeConfig(
            vectors=edge.EdgeVectorParams(size=call["dim"], distance=edge.Distance.Dot),
            hnsw_config=edge.HnswIndexConfig(LINKS, BUILD_WIDTH, self.index_kb),
            optimizers=edge.EdgeOptimizersConfig(
                indexing_threshold=self.index_kb, default_segment_number=1
            ),
            wal_enabled=False,  # what is lost with this process is filled anew
        )
        self.num_made += 1
        folder = self.folder / f"{self.num_made:06d}"
        shard = edge.EdgeShard.create(str(folder), config)
        self.collections[call["name"]] = Collection(shard, folder, call["dim"], self.index_kb)
        return {}, b""

    def upsert(self, call: dict[str, Any], data: bytes) -> Answer:
        """Write vectors in their order."""
        found, ids = self.collections[call["name"]], call["ids"]
        vectors_ND = np.frombuffer(data, np.float32).reshape(len(ids), found.dim)
        for start in range(0, len(ids), POINTS):
            end = start + POINTS
            pairs = zip(ids[start:end], vectors_ND[start:end].tolist(), strict=True)
            points = [edge.Point(UUID(name), vector) for name, vector in pairs]
            found.shard.update(edge.UpdateOperation.upsert_points(points))
        return {}, b""

    def count(self, call: dict[str, Any], _: bytes) -> Answer:
        """Count what a collection holds."""
        shard = self.collections[call["name"]].shard
        return {"count": shard.count(edge.CountRequest(exact=True))}, b""

    def search(self, call: dict[str, Any], data: bytes) -> Answer:
        """Find the nearest of each query; ef 0 compares every vector."""
        found, ef = self.collections[call["name"]], call["ef"]
        if ef:
            found.ready()
        params = edge.SearchParams(hnsw_ef=ef or None, exact=not ef)
        queries_QD = np.frombuffer(data, np.float32).reshape(-1, found.dim)
        asked = [
            edge.QueryRequest(limit=call["k"], query=edge.Query.Nearest(query), params=params)
            for query in queries_QD.tolist()
        ]
        answers = found.shard.query_batch(edge.QueryBatchRequest(asked))
        scores = [[hit.score for hit in hits] for hits in answers]
        return {"ids": [[hex_of(hit) for hit in hits] for hits in answers], "scores": scores}, b""

    def fetch(self, call: dict[str, Any], _: bytes) -> Answer:
        """Return those of the vectors that are there, and their ids."""
        shard, ids = self.collections[call["name"]].shard, [UUID(name) for name in call["ids"]]
        records = shard.retrieve(ids, with_payload=False, with_vector=True)
        vectors = np.array([record.vector for record in records], np.float32)
        return {"ids": [hex_of(record) for record in records]}, vectors.tobytes()

    def delete(self, call: dict[str, Any], _: bytes) -> Answer:
        """Remove ids."""
        ids: list[Any] = [UUID(name) for name in call["ids"]]
        shard = self.collections[call["name"]].shard
        shard.update(edge.UpdateOperation.delete_points(ids))
        return {}, b""

    def drop(self, call: dict[str, Any], _: bytes) -> Answer:
        """Remove a collection and its files."""
        found = self.collections.pop(call["name"])
        found.shard.close()
        shutil.rmtree(found.folder, ignore_errors=True)
        return {}, b""


def hex_of(found: Any) -> str:
    """Return an id as 32 digits."""
    return str(found.id).replace("-", "")


def main() -> None:
    """Answer until stdin ends."""
    folder, index_kb = Path(sys.argv[1]), int(sys.argv[2])
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get among the answers
    holder = Holder(folder, index_kb)
    while (frame := read_frame(sys.stdin.buffer)) is not None:
        call, data = frame
        do: Callable[[dict[str, Any], bytes], Answer] = getattr(holder, call["do"])
        try:
            head, found = do(call, data)
        except Exception as error:  # Edge raises nothing more special
            head, found = {"fault": f"{type(error).__name__}: {error}"}, b""
        write_frame(answers, head, found)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
