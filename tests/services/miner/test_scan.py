"""The exact engine goes tile by tile: killed at any tile, it goes on there, to the same bytes."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pairmill.adapters.vectors.exact import ExactVectors
from pairmill.core.neighbours import Neighbour
from pairmill.core.records import Pair
from pairmill.pipeline.checkpoint import Checkpoints
from pairmill.ports.queue import Task
from pairmill.ports.vectors import Neighbours
from pairmill.wiring import Stores
from pairmill.worker import Worker
from pairmill.working.lease import Drained
from services.miner import scanning
from services.miner.heaps import from_bytes, to_bytes
from tests.services.miner.small_run import CONFIG, DIM, NUM, SHARD, SPACES, commits, read, run

NUM_TILES = len(SPACES) * NUM // SHARD
TASK = Task(run="r", node="mine", shard="000001")


class Dying(ExactVectors):
    """An engine whose process ends at its n-th search, and which counts its searches."""

    def __init__(self, dies_at: int) -> None:
        super().__init__()
        self.num_searched, self._dies_at = 0, dies_at

    def search(
        self, collection: str, queries_QD: NDArray[np.float32], k: int, *, exact: bool = True
    ) -> Neighbours:
        self.num_searched += 1
        if self.num_searched == self._dies_at:
            raise Drained
        return super().search(collection, queries_QD, k, exact=exact)


@pytest.fixture
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """One file a tile, none of them held, and every heap kept at once."""
    monkeypatch.setattr(scanning, "TILE_BYTES", SHARD * DIM * 4)
    monkeypatch.setattr(scanning, "HELD_BYTES", 0)
    monkeypatch.setattr(scanning, "SAVE_SECONDS", 0.0)


def unfinished(done: Worker) -> Worker:
    """Return a new worker that finds one task uncommitted."""
    done.ports.objects.delete(f"{done.graph.node('mine').commits}/{TASK.shard}.json")
    stores = Stores(done.ports.settings)
    return replace(done, ports=replace(done.ports, stores=stores))


def test_tiles_of_one_file_lead_to_the_bytes_of_one_tile(
    tmp_path: Path, small_tiles: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiled = run(tmp_path / "tiled", CONFIG)
    monkeypatch.undo()
    whole = run(tmp_path / "whole", CONFIG)
    assert read(tiled, "mine", "candidates", Pair)
    for node in ("mine", "select"):
        assert commits(tiled, node) == commits(whole, node)


@pytest.mark.parametrize("dies_at", [1, 2, 4, NUM_TILES])
def test_a_task_killed_at_any_tile_goes_on_there_to_the_same_bytes(
    tmp_path: Path, small_tiles: None, dies_at: int
) -> None:
    worker = run(tmp_path, CONFIG)
    calm = commits(worker, "mine")
    worker = unfinished(worker)
    vars(worker.ports)["vectors"] = Dying(dies_at)
    with pytest.raises(Drained):
        worker.handle(TASK)
    (key,) = list(worker.ports.objects.list("runs/r/unfinished/")) or ("",)
    assert bool(key) == (dies_at > 1)
    vars(worker.ports)["vectors"] = second = Dying(0)
    assert worker.handle(TASK)
    assert second.num_searched == NUM_TILES - (dies_at - 1)
    assert commits(worker, "mine") == calm
    assert not list(worker.ports.objects.list("runs/r/unfinished/"))


def test_heaps_of_other_embeddings_are_not_gone_on_from(tmp_path: Path, small_tiles: None) -> None:
    worker = unfinished(run(tmp_path, CONFIG))
    vars(worker.ports)["vectors"] = Dying(4)
    with pytest.raises(Drained):
        worker.handle(TASK)
    (key,) = worker.ports.objects.list("runs/r/unfinished/")
    found = scanning.Saved(Checkpoints(worker.ports.objects, key.rpartition("/")[0]),
                           used=True, digest="of others")  # fmt: skip
    assert found.load() == (0, {})


def test_only_the_first_tiles_stay_in_the_engine(
    tmp_path: Path, small_tiles: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "HELD_BYTES", 2 * SHARD * DIM * 4)

    class Watched(ExactVectors):
        most = 0
        held: set[str] = set()  # noqa: RUF012

        def upsert(self, collection: str, ids: Sequence[str], vectors_ND: object) -> None:
            super().upsert(collection, ids, vectors_ND)  # type: ignore[arg-type]
            self.held = self.held | {collection}
            self.most = max(self.most, len(self.held))

        def drop(self, collection: str) -> None:
            super().drop(collection)
            self.held = self.held - {collection}

    engine = Watched()
    run(tmp_path, CONFIG, engine=engine)
    assert engine.most == 3
    assert len(engine.held) == 2


scores = st.floats(-1, 1, width=32)
ids = st.integers(0, 2**128 - 1).map(lambda i: f"{i:032x}")
near = st.lists(st.tuples(ids, scores), max_size=4)


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from(SPACES), st.dictionaries(ids, near, max_size=4)))
def test_heaps_come_back_as_they_were(heaps: dict[str, dict[str, list[Neighbour]]]) -> None:
    assert from_bytes(to_bytes("d", heaps)) == ("d", heaps)
