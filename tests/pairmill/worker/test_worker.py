"""The worker shell on fake stages: claim, commit, retry, bury, and never do a task twice."""

import json
from pathlib import Path

import pytest

from pairmill.config import RunConfig
from pairmill.core.errors import RetryError, StopError
from pairmill.core.records import Entry
from pairmill.core.tables import to_parquet
from pairmill.pipeline.barrier import dead_shards, finished_nodes, work_of
from pairmill.pipeline.commit import CommitLog, Counts
from pairmill.pipeline.graph import Graph, RunSpec, cost_key
from pairmill.pipeline.output import Output
from pairmill.pipeline.runs import Places
from pairmill.pipeline.shard import Shard
from pairmill.ports.objects import ObjectStore
from pairmill.ports.queue import Task
from pairmill.settings import Settings
from pairmill.wiring import Ports, Stores
from pairmill.worker import Worker
from pairmill.working.desk import StageFunction

TASK = Task(run="r", node="ingest", shard="000000")


def make_worker(root: Path, function: StageFunction) -> Worker:
    spec = RunSpec(name="r", corpus="c", config=RunConfig(), encoder_id="e")
    ports = Ports(Stores(Settings().at(root / "out")), spec.config, Places(source=str(root)))
    entries = [Entry(shard="000000", key="a", object="a.jpg", offset=0, length=1)]
    ports.objects.put("corpora/c/manifest.parquet", to_parquet(Entry, entries))
    return Worker(ports, Graph(spec), {"ingest": function})


def log_of(worker: Worker) -> CommitLog:
    return CommitLog(worker.ports.objects, worker.graph.node("ingest").commits)


def test_a_done_task_leaves_a_commit_with_its_files_counts_and_apart_its_cost(
    tmp_path: Path,
) -> None:
    def ingest(shard: Shard, out: Output, source: ObjectStore) -> Counts:
        assert not source.exists("nothing")
        out.blob("images", b"bytes", "tar")
        out.reject("b", "broken", "truncated")
        return out.close(inputs=2, outputs=1)

    worker = make_worker(tmp_path, ingest)
    assert worker.handle(TASK)
    commit = log_of(worker).read("000000")
    assert commit.counts == Counts(inputs=2, outputs=1, rejects={"broken": 1})
    assert {file.data_set for file in commit.files} == {"images", "rejects/ingest"}
    assert b"seconds" not in commit.to_json()
    cost = json.loads(worker.ports.objects.get(cost_key(worker.graph.node("ingest"), "000000")))
    assert cost["attempt"] == 1
    assert "ingest" in finished_nodes(worker.ports.objects, worker.graph)


def test_a_committed_task_is_never_done_again(tmp_path: Path) -> None:
    calls = []

    def ingest(shard: Shard, out: Output) -> Counts:
        calls.append(shard.name)
        return out.close(inputs=0, outputs=0)

    worker = make_worker(tmp_path, ingest)
    assert worker.handle(TASK)
    assert worker.handle(TASK)
    again = make_worker(tmp_path, ingest)  # another process: an empty ledger, the same objects
    assert again.handle(TASK)
    assert calls == ["000000"]


def test_a_task_that_fails_once_is_delivered_again_and_then_committed(tmp_path: Path) -> None:
    failures = [RetryError("the network blinked")]

    def ingest(shard: Shard, out: Output) -> Counts:
        if failures:
            raise failures.pop()
        return out.close(inputs=0, outputs=0)

    worker = make_worker(tmp_path, ingest)
    assert not worker.handle(TASK)
    assert worker.handle(TASK)
    assert log_of(worker).shards() == ["000000"]


def test_a_task_that_always_fails_ends_among_the_dead_letters_with_its_reason(
    tmp_path: Path,
) -> None:
    def ingest(shard: Shard, out: Output) -> Counts:
        raise ZeroDivisionError("poison")

    worker = make_worker(tmp_path, ingest)
    assert [worker.handle(TASK) for _ in range(3)] == [False, False, True]
    node = worker.graph.node("ingest")
    assert dead_shards(worker.ports.objects, worker.graph, node) == {"000000"}
    letter = json.loads(worker.ports.objects.get("runs/r/dead/ingest/000000.json"))
    assert "poison" in letter["error"]
    assert letter["attempts"] == 3
    assert "ingest" in finished_nodes(worker.ports.objects, worker.graph)


def test_a_dead_letter_goes_when_a_later_start_succeeds(tmp_path: Path) -> None:
    def broken(shard: Shard, out: Output) -> Counts:
        raise ZeroDivisionError

    def mended(shard: Shard, out: Output) -> Counts:
        return out.close(inputs=0, outputs=0)

    worker = make_worker(tmp_path, broken)
    while not worker.handle(TASK):
        pass
    later = make_worker(tmp_path, mended)
    assert later.handle(TASK)
    assert dead_shards(later.ports.objects, later.graph, later.graph.node("ingest")) == set()


def test_an_error_that_only_the_user_can_mend_stops_the_run_and_costs_no_attempt(
    tmp_path: Path,
) -> None:
    def ingest(shard: Shard, out: Output) -> Counts:
        raise StopError("the disk is full")

    worker = make_worker(tmp_path, ingest)
    for _ in range(5):
        with pytest.raises(StopError, match="disk is full"):
            worker.handle(TASK)
    assert log_of(worker).shards() == []


def test_an_interrupted_task_is_given_back_and_leaves_no_commit(tmp_path: Path) -> None:
    def ingest(shard: Shard, out: Output) -> Counts:
        out.blob("images", b"bytes", "tar")
        raise KeyboardInterrupt

    worker = make_worker(tmp_path, ingest)
    with pytest.raises(KeyboardInterrupt):
        worker.handle(TASK)
    assert log_of(worker).shards() == []
    assert worker.ports.ledger.open_tasks("r", "ingest") == [TASK]


def test_a_stage_that_loses_a_record_is_not_committed(tmp_path: Path) -> None:
    def ingest(shard: Shard, out: Output) -> Counts:
        return out.close(inputs=2, outputs=1)

    worker = make_worker(tmp_path, ingest)
    while not worker.handle(TASK):
        pass
    assert log_of(worker).shards() == []


def test_a_node_has_a_task_for_every_shard_of_the_manifest(tmp_path: Path) -> None:
    worker = make_worker(tmp_path, lambda shard, out: out.close(inputs=0, outputs=0))
    work = work_of(worker.ports.objects, worker.graph, worker.graph.node("ingest"))
    assert work.tasks == (TASK,)
    assert work.num_records == 1
