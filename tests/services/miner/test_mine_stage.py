"""bands, mine and select on made-up vectors, through the worker, against brute force."""

from pathlib import Path

import numpy as np
import pytest

from pairmill.adapters.vectors.exact import ExactVectors
from pairmill.config import MiningConfig, RunConfig, Settings
from pairmill.core.ids import sha256_hex
from pairmill.core.records import Band, Entry, ImageRecord, Pair, Reject
from pairmill.core.tables import to_parquet
from pairmill.pipeline.barrier import work_of
from pairmill.pipeline.commit import CommitLog, Counts
from pairmill.pipeline.graph import Graph, RunSpec
from pairmill.pipeline.output import Output
from pairmill.pipeline.runs import Places
from pairmill.pipeline.shard import Shard, read_records
from pairmill.ports.vectors import VectorStore
from pairmill.wiring import Ports
from pairmill.worker import Worker
from services.miner.stage import bands, mine, select

NUM, DIM, SHARD = 60, 16, 20
IDS = [f"{i:032x}" for i in range(NUM)]
SPACES = ("visual_pattern", "caption")


def vectors_of(space: str) -> np.ndarray:
    rng = np.random.default_rng(SPACES.index(space))
    raw = rng.normal(size=(NUM, DIM)).astype(np.float32) + 0.7
    half: np.ndarray = (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float16)
    return half.astype(np.float32)


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


def embed(shard: Shard, out: Output) -> Counts:
    ids = IDS[rows(shard)]
    out.vectors("features", ids, np.zeros((SHARD, 4)))
    out.facts["spaces"] = []
    for space in SPACES:
        # the last image of every shard has no caption
        count = SHARD - (space == "caption")
        out.vectors(f"embeddings/{space}-id", ids[:count], vectors_of(space)[rows(shard)][:count])
        out.facts["spaces"].append({"name": space, "space_id": f"{space}-id", "dim": DIM})
    return out.close(inputs=SHARD, outputs=SHARD)


STAGES = {f.__name__: f for f in (ingest, dedupe, embed, bands, mine, select)}


def run(
    root: Path, config: MiningConfig, benchmark: bytes = b"", engine: VectorStore | None = None
) -> Worker:
    spec = RunSpec(name="r", corpus="c", encoder_id="e",
                   config=RunConfig(mining=config, seed=3),
                   benchmark=sha256_hex(benchmark) if benchmark else "")  # fmt: skip
    ports = Ports(Settings(), root, spec.config, Places(source=str(root)))
    if engine:
        vars(ports)["vectors"] = engine
    entries = [Entry(shard=f"{i // SHARD:06d}", key=f"key-{i}", object="x", offset=0, length=1)
               for i in range(NUM)]  # fmt: skip
    ports.objects.put("corpora/c/manifest.parquet", to_parquet(Entry, entries))
    ports.objects.put("runs/r/benchmark.jsonl", benchmark)
    worker = Worker(ports, Graph(spec), STAGES)
    for node in worker.graph.nodes:
        if node.stage.name in STAGES:
            for task in work_of(ports.objects, worker.graph, node).tasks:
                assert worker.handle(task)
    return worker


def read(worker: Worker, node: str, data_set: str, kind: type) -> list:  # type: ignore[type-arg]
    log = CommitLog(worker.ports.objects, worker.graph.node(node).commits)
    files = [f for c in log.read_all() for f in c.files if f.data_set == data_set]
    return list(read_records(worker.ports.objects, sorted(files, key=lambda f: f.shard), kind))


CONFIG = MiningConfig(spaces=SPACES, first_rank=2, last_rank=12, pairs_per_space=3,
                      num_negatives=4, target_cap=5, shard_pairs=32,
                      band={"kind": "quantile", "low": 0.6, "high": 1.0})  # fmt: skip


def test_every_mined_relation_is_the_one_that_brute_force_finds(tmp_path: Path) -> None:
    worker = run(tmp_path, CONFIG)
    low = {band.space: band.low for band in read(worker, "bands", "bands", Band)}
    pairs: list[Pair] = read(worker, "mine", "candidates", Pair)
    assert len(pairs) > NUM
    for pair in pairs:
        q, t = IDS.index(pair.query_id), IDS.index(pair.target_id)
        for relation in pair.relations:
            vectors = vectors_of(relation.space).astype(np.float64)
            has = [i for i in range(NUM) if relation.space != "caption" or i % SHARD != SHARD - 1]
            scores = vectors @ vectors[q]
            better = sum(scores[i] > scores[t] for i in has if i != q)
            assert relation.rank == better + 1
            assert relation.score == pytest.approx(scores[t], abs=1e-6)
            assert CONFIG.first_rank <= relation.rank <= CONFIG.last_rank
            assert relation.score > low[relation.space]


def test_images_are_paired_or_rejected_and_pairs_are_kept_or_capped(tmp_path: Path) -> None:
    worker = run(tmp_path, CONFIG.model_copy(update={"target_cap": 2}))
    mined = read(worker, "mine", "candidates", Pair)
    alone = read(worker, "mine", "rejects/mine", Reject)
    assert {p.query_id for p in mined} | {r.record_id for r in alone} == set(IDS)
    kept = read(worker, "select", "pairs", Pair)
    capped = read(worker, "select", "rejects/select", Reject)
    assert len(kept) + len(capped) == len(mined)
    assert {r.rule for r in capped} == {"target_cap"}
    assert max(sum(p.target_id == i for p in kept) for i in IDS) == 2
    assert len({p.pair_id for p in kept}) == len(kept)


def test_images_of_the_benchmark_are_neither_queries_nor_targets_nor_negatives(
    tmp_path: Path,
) -> None:
    line = b'{"query_id": "1", "query_image": "key-3", "instruction": "x", "targets": ["key-25"]}\n'
    worker = run(tmp_path, CONFIG, benchmark=line)
    used = {i for p in read(worker, "mine", "candidates", Pair)
            for i in (p.query_id, p.target_id, *p.negatives)}  # fmt: skip
    assert used
    assert not used & {IDS[3], IDS[25]}
    rejected = read(worker, "mine", "rejects/mine", Reject)
    assert {r.record_id for r in rejected if r.rule == "benchmark_image"} == {IDS[3], IDS[25]}


def test_two_engines_that_find_the_same_neighbours_give_the_same_bytes(tmp_path: Path) -> None:
    runs = [run(tmp_path / name, CONFIG, engine=ExactVectors(tile=tile))
            for name, tile in (("a", 4096), ("b", 7))]  # fmt: skip
    logs = [CommitLog(worker.ports.objects, "runs/r/commits/mine") for worker in runs]
    assert [c.digest for c in logs[0].read_all()] == [c.digest for c in logs[1].read_all()]
