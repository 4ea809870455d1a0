"""How a run stands: marks are made once, an end is final until it is reopened."""

import json
from pathlib import Path

import pytest

from pairmill.adapters.objects.folder import FolderObjects
from pairmill.pipeline.standing import (
    NodeProgress,
    RunProgress,
    Submitted,
    active_runs,
    end_run,
    ended,
    note_submitted,
    read_progress,
    reopen,
    save_progress,
    submitted,
    submitted_names,
    submitted_runs,
)


@pytest.fixture
def objects(tmp_path: Path) -> FolderObjects:
    return FolderObjects(tmp_path)


def test_a_run_is_put_on_the_list_once_and_keeps_its_first_time(objects: FolderObjects) -> None:
    asked = Submitted(run="r-1", corpus="photos", gallery="shop.gallery")
    assert note_submitted(objects, asked)
    first = submitted(objects, "r-1")
    assert not note_submitted(objects, Submitted(run="r-1", corpus="others", time="later"))
    assert submitted(objects, "r-1") == first
    assert first is not None
    assert (first.corpus, first.gallery) == ("photos", "shop.gallery")
    assert first.time.startswith("20")
    assert submitted(objects, "r-2") is None


def test_runs_are_listed_in_the_order_in_which_they_were_submitted(objects: FolderObjects) -> None:
    for name, time in (("b", "2026-01-01"), ("a", "2026-01-02"), ("c", "2026-01-01")):
        note_submitted(objects, Submitted(run=name, corpus="photos", time=time))
    assert [run.run for run in submitted_runs(objects)] == ["b", "c", "a"]
    assert submitted_names(objects) == ["a", "b", "c"]


def test_a_run_is_active_until_it_ends_and_again_once_reopened(objects: FolderObjects) -> None:
    for name in ("a", "b"):
        note_submitted(objects, Submitted(run=name, corpus="photos"))
    assert active_runs(objects) == ["a", "b"]
    assert end_run(objects, "a", "cancelled", "asked for")
    assert active_runs(objects) == ["b"]
    assert ended(objects, "b") is None
    reopen(objects, "a")
    reopen(objects, "a")
    assert active_runs(objects) == ["a", "b"]
    assert ended(objects, "a") is None


def test_the_first_end_of_a_run_is_its_end(objects: FolderObjects) -> None:
    assert end_run(objects, "a", "finished", "")
    assert not end_run(objects, "a", "cancelled", "too late")
    end = ended(objects, "a")
    assert end is not None
    assert (end.state, end.why) == ("finished", "")


def test_progress_is_read_as_it_was_written_and_is_empty_before(objects: FolderObjects) -> None:
    assert read_progress(objects, "a") == RunProgress(run="a")
    nodes = (
        NodeProgress(node="ingest", unit="image", tasks=4, done=3, failed=1, records=9, total=12),
        NodeProgress(node="embed@gallery", tasks=4, done=1, open=3, running=2, seconds=1.5),
    )
    told = RunProgress(run="a", nodes=nodes)
    save_progress(objects, told)
    assert read_progress(objects, "a") == told
    assert [node.closed for node in nodes] == [True, False]
    assert not NodeProgress(node="mine").closed


def test_a_later_release_may_add_fields(objects: FolderObjects) -> None:
    told = {"run": "a", "state": "active", "more": 1, "nodes": [{"node": "embed", "weather": 3}]}
    objects.put("runs/a/progress.json", json.dumps(told).encode())
    assert read_progress(objects, "a").nodes == (NodeProgress(node="embed"),)
