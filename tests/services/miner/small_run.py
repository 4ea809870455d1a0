"""A run of the miner's stages on made-up vectors: three shards of twenty images, two spaces."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pairmill.config import MiningConfig, RunConfig
from pairmill.core.ids import sha256_hex
from pairmill.core.records import Entry, ImageRecord
from pairmill.core.tables import to_parquet
from pairmill.pipeline.barrier import work_of
from pairmill.pipeline.commit import Commit, CommitLog, Counts
from pairmill.pipeline.graph import Graph, RunSpec
from pairmill.pipeline.output import Output
from pairmill.pipeline.runs import Places
from pairmill.pipeline.shard import Shard, read_records
from pairmill.ports.vectors import VectorStore
from pairmill.settings import Settings
from pairmill.wiring import Ports, Stores
from pairmill.worker import Worker
from services.miner.stage import bands, mine, select

NUM, DIM, SHARD = 60, 16, 20
IDS = [f"{i:032x}" for i in range(NUM)]
SPACES = ("visual_pattern", "caption")
Embeddings = Callable[[str], NDArray[np.float32]]


def vectors_of(space: str) -> NDArray[np.float32]:
    """Return random vectors of one space, (NUM, DIM)."""
    rng = np.random.default_rng(SPACES.index(space))
    raw = rng.normal(size=(NUM, DIM)).astype(np.float32) + 0.7
    return halved(raw)


def halved(raw_ND: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return unit vectors as they are read back: rounded to float16."""
    unit_ND = raw_ND / np.linalg.norm(raw_ND, axis=1, keepdims=True)
    return np.asarray(unit_ND.astype(np.float16), np.float32)


def rows(shard: Shard) -> slice:
    start = int(shard.name) * SHARD
    return slice(start, start + SHARD)


def ingest(shard: Shard, out: Output) -> Counts:
    return out.close(inputs=SHARD, outputs=SHARD)


def dedupe(shard: Shard, out: Output) -> Counts:
    for number in range(NUM // SHARD):
        part = IDS[number * SHARD : (number + 1) * SHARD]
        records = [ImageRecord(image_id=i, keys=(f"key-{int(i, 16)}",)) for i in part]
        out.table("images", ImageRecord, records, shard=f"{number:06d}")
    return out.close(inputs=NUM, outputs=NUM)


def embed_with(embeddings: Embeddings) -> Callable[[Shard, Output], Counts]:
    def embed(shard: Shard, out: Output) -> Counts:
        ids = IDS[rows(shard)]
        out.vectors("features", ids, np.zeros((SHARD, 4)))
        out.facts["spaces"] = []
        for space in SPACES:
            # the last image of every shard has no caption
            count = SHARD - (space == "caption")
            part = embeddings(space)[rows(shard)][:count]
            out.vectors(f"embeddings/{space}-id", ids[:count], part)
            out.facts["spaces"].append({"name": space, "space_id": f"{space}-id", "dim": DIM})
        return out.close(inputs=SHARD, outputs=SHARD)

    return embed


def run(
    root: Path,
    config: MiningConfig,
    benchmark: bytes = b"",
    engine: VectorStore | None = None,
    embeddings: Embeddings = vectors_of,
) -> Worker:
    """Run the stages from ingest to select, and return the worker that did it."""
    spec = RunSpec(name="r", corpus="c", encoder_id="e",
                   config=RunConfig(mining=config, seed=3),
                   benchmark=sha256_hex(benchmark) if benchmark else "")  # fmt: skip
    ports = Ports(Stores(Settings().at(root)), spec.config, Places(source=str(root)))
    if engine:
        vars(ports)["vectors"] = engine
    entries = [Entry(shard=f"{i // SHARD:06d}", key=f"key-{i}", object="x", offset=0, length=1)
               for i in range(NUM)]  # fmt: skip
    ports.objects.put("corpora/c/manifest.parquet", to_parquet(Entry, entries))
    ports.objects.put("runs/r/benchmark.jsonl", benchmark)
    stages = {f.__name__: f for f in (ingest, dedupe, embed_with(embeddings), bands, mine, select)}
    worker = Worker(ports, Graph(spec), stages)
    for node in worker.graph.nodes:
        if node.stage.name in stages:
            for task in work_of(ports.objects, worker.graph, node).tasks:
                assert worker.handle(task)
    return worker


def read(worker: Worker, node: str, data_set: str, kind: type) -> list:  # type: ignore[type-arg]
    """Return the records of one data set of a node, in order of shards."""
    files = [f for c in commits(worker, node) for f in c.files if f.data_set == data_set]
    return list(read_records(worker.ports.objects, sorted(files, key=lambda f: f.shard), kind))


CONFIG = MiningConfig(spaces=SPACES, first_rank=2, last_rank=12, pairs_per_space=3,
                      num_negatives=4, target_cap=5, shard_pairs=32,
                      band={"kind": "quantile", "low": 0.6, "high": 1.0})  # fmt: skip


def commits(worker: Worker, node: str) -> list[Commit]:
    """Return a node's commits, in order of shards."""
    return list(CommitLog(worker.ports.objects, worker.graph.node(node).commits).read_all())
