"""Recall of an approximate engine: measured by every task, against brute force, and reported."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pairmill.adapters.vectors.exact import ExactVectors
from pairmill.config import BandConfig
from pairmill.pipeline.report import build_report
from pairmill.ports.vectors import Neighbours
from services.miner import recall
from tests.services.miner.small_run import CONFIG, NUM, SHARD, SPACES, commits, run, vectors_of

APPROXIMATE = CONFIG.model_copy(update={"engine": "qdrant"})
IN_BAND = APPROXIMATE.model_copy(
    update={"band": BandConfig(kind="absolute", low=0.5, high=0.65), "last_rank": 12}
)


class Forgetful(ExactVectors):
    """An approximate engine that never finds every third image, by id."""

    @property
    def approximate(self) -> bool:
        return True

    def search(
        self, collection: str, queries_QD: NDArray[np.float32], k: int, *, exact: bool = False
    ) -> Neighbours:
        found = super().search(collection, queries_QD, k if exact else NUM)
        if exact:
            return found
        kept = [[j for j, image in enumerate(ids) if int(image, 16) % 3][:k] for ids in found.ids]
        return Neighbours(
            ids=[[ids[j] for j in js] for ids, js in zip(found.ids, kept, strict=True)],
            scores=[[s[j] for j in js] for s, js in zip(found.scores, kept, strict=True)],
        )


def brute_force_recall(space: str, low: float = -2, high: float = 2) -> float:
    """Return the share of true neighbours within a band that every third image does not take."""
    has = [i for i in range(NUM) if space != "caption" or i % SHARD != SHARD - 1]
    vectors = vectors_of(space).astype(np.float64)
    found = wanted = 0
    for query in has:
        near = sorted((i for i in has if i != query), key=lambda i: -(vectors[i] @ vectors[query]))
        best = [
            i
            for i in near[: CONFIG.last_rank]
            if low < np.float32(vectors[i] @ vectors[query]) <= high
        ]
        wanted, found = wanted + len(best), found + sum(bool(i % 3) for i in best)
    return found / wanted


def test_the_report_gives_the_recall_that_brute_force_finds(tmp_path: Path) -> None:
    worker = run(tmp_path, APPROXIMATE, engine=Forgetful())
    report = build_report(worker.ports.objects, worker.graph)
    assert set(report["recall"]) == set(SPACES)
    for space in SPACES:
        assert report["recall"][space] == pytest.approx(brute_force_recall(space), abs=1e-6)
        assert report["recall"][space] < 0.8


def test_recall_in_the_band_counts_only_the_true_neighbours_there(tmp_path: Path) -> None:
    worker = run(tmp_path, IN_BAND, engine=Forgetful())
    report = build_report(worker.ports.objects, worker.graph)
    for space in SPACES:
        wanted = brute_force_recall(space, 0.5, 0.65)
        assert report["recall_in_band"][space] == pytest.approx(wanted, abs=1e-6)
        assert report["recall_in_band"][space] != report["recall"][space]


def test_an_approximate_engine_that_misses_nothing_has_recall_1(tmp_path: Path) -> None:
    class Lucky(ExactVectors):
        @property
        def approximate(self) -> bool:
            return True

    worker = run(tmp_path, APPROXIMATE, engine=Lucky())
    report = build_report(worker.ports.objects, worker.graph)
    assert report["recall"] == dict.fromkeys(SPACES, 1.0)


def test_an_exact_engine_measures_nothing(tmp_path: Path) -> None:
    worker = run(tmp_path, CONFIG)
    assert [commit.facts for commit in commits(worker, "mine")] == [{}] * (NUM // SHARD)
    assert "recall" not in build_report(worker.ports.objects, worker.graph)


def test_queries_are_drawn_by_id_and_only_some_of_a_large_corpus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recall, "NUM_SAMPLED", 20)
    runs = [run(tmp_path / name, APPROXIMATE, engine=Forgetful()) for name in "ab"]
    drawn = [
        [commit.facts["recall"]["visual_pattern"] for commit in commits(worker, "mine")]
        for worker in runs
    ]
    assert drawn[0] == drawn[1]
    assert 0 < sum(fact["num_queries"] for fact in drawn[0]) < NUM
    monkeypatch.setattr(recall, "MAX_SAMPLED", 3)
    worker = run(tmp_path / "c", APPROXIMATE, engine=Forgetful())
    measured = [commit.facts["recall"]["caption"] for commit in commits(worker, "mine")]
    assert max(fact["num_queries"] for fact in measured) <= 3
