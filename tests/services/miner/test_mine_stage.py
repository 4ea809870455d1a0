"""bands, mine and select on made-up vectors, through the worker, against brute force."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pairmill.adapters.vectors.exact import ExactVectors
from pairmill.core.records import Band, Pair, Reject
from tests.services.miner.small_run import (
    CONFIG,
    IDS,
    NUM,
    SHARD,
    commits,
    read,
    run,
    vectors_of,
)


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
    assert commits(runs[0], "mine") == commits(runs[1], "mine")


def test_ties_at_the_end_of_the_window_are_broken_alike_whatever_the_engine_gives_first(
    tmp_path: Path,
) -> None:
    def embeddings(space: str) -> NDArray[np.float32]:
        return np.take(vectors_of(space), np.arange(NUM) // 45, axis=0)  # 45 equal, 15 others

    config = CONFIG.model_copy(update={"last_rank": 4, "band": CONFIG.band})
    runs = [run(tmp_path / name, config, engine=ExactVectors(tile=tile), embeddings=embeddings)
            for name, tile in (("a", 4096), ("b", 7))]  # fmt: skip
    assert read(runs[0], "mine", "candidates", Pair)
    assert commits(runs[0], "mine") == commits(runs[1], "mine")
