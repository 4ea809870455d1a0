"""The coordinator on fake stages: it conducts runs to their ends, whatever is lost on the way."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pairmill.core.errors import StopError
from pairmill.pipeline.commit import CommitLog, Counts
from pairmill.pipeline.graph import Graph
from pairmill.pipeline.output import Output
from pairmill.pipeline.shard import Shard
from pairmill.pipeline.standing import end_run, ended, read_progress, reopen
from pairmill.ports.jobs import JobSpec, JobState, JobStatus
from pairmill.ports.queue import Task
from pairmill.settings import Settings
from pairmill.shell import Shell
from pairmill.wiring import Ports, Stores
from pairmill.worker import Worker
from pairmill.working.desk import StageFunction
from services.coordinator.leading import Coordinator
from tests.fakes import STAGES, submit

QUICK = Settings(backoff_seconds=0, ring_again_seconds=0.05, tick_seconds=0.01, num_rung=2)


@dataclass
class Desk:
    """Jobs that are done in this process as soon as they are launched, unless they shall fail."""

    stores: Stores
    stages: Mapping[str, StageFunction]
    failures: int = 0
    launched: list[JobSpec] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    states: dict[str, JobStatus] = field(default_factory=dict)

    def launch(self, spec: JobSpec) -> None:
        """Do the job, or fail it."""
        self.launched.append(spec)
        if self.failures:
            self.failures -= 1
            self.states[spec.name] = JobStatus(state=JobState.FAILED, log_tail="no memory")
            return
        world = _open(self.stores, spec.arguments[0])
        worker = Worker(*world, self.stages, owner=spec.name)
        assert worker.handle(Task(run=spec.arguments[0], node=spec.arguments[1], shard="all"))
        self.states[spec.name] = JobStatus(state=JobState.SUCCEEDED)

    def status(self, name: str) -> JobStatus:
        """Return what became of it."""
        return self.states[name]

    def cancel(self, name: str) -> None:
        """Note it."""
        self.cancelled.append(name)

    def spare(self, workers: object) -> None:
        """Ignore it."""


class World:
    """A coordinator, a shell that serves every stage, and jobs, all in this process."""

    def __init__(
        self, root: Path, stages: Mapping[str, StageFunction] = STAGES, settings: Settings = QUICK
    ) -> None:
        self.ports, self.graph = submit(root, settings=settings)
        self.stores = self.ports.stores
        self.jobs = Desk(self.stores, stages)
        self.stores.__dict__["jobs"] = self.jobs
        self.coordinator = Coordinator(self.stores, threading.Event())
        self.shell = Shell("all", stages, self.stores, threading.Event())

    def turn(self) -> None:
        """One look of the coordinator, then all the work that it rang for."""
        assert self.coordinator._lead()
        for node in self.graph.nodes:
            self.stores.queue.drain(node.name, lambda task: self.shell.handle(task) or True)

    def finish(self, turns: int = 60) -> None:
        """Turn until the run has ended."""
        for _ in range(turns):
            self.turn()
            if ended(self.stores.objects, "r"):
                self.turn()
                return
        pytest.fail(f"no end after {turns} turns: {read_progress(self.stores.objects, 'r')}")


def _open(stores: Stores, run: str) -> tuple[Ports, Graph]:
    from pairmill.working.opened import OpenRuns

    return OpenRuns(stores).open(run)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A submitted run of three shards and everything that does it."""
    return World(tmp_path)


def state_of(world: World) -> tuple[str, str]:
    end = ended(world.stores.objects, "r")
    assert end is not None
    return end.state, end.why


def test_a_submitted_run_comes_to_its_end_with_a_report_and_a_published_model(
    world: World,
) -> None:
    world.finish()
    assert state_of(world) == ("finished", "it is a test")
    objects = world.stores.objects
    assert json.loads(objects.get("runs/r/report.json"))["stages"]["embed"]["inputs"] == 6
    assert json.loads(objects.get("models/c/aliases/latest.json"))["run"] == "r"
    progress = read_progress(objects, "r")
    assert progress.state == "finished"
    assert all(node.closed for node in progress.nodes)
    assert [spec.arguments for spec in world.jobs.launched] == [("r", "train"), ("r", "evaluate")]


def test_at_most_so_many_messages_of_a_stage_are_under_way(world: World) -> None:
    world.coordinator._lead()
    assert world.stores.queue.length("ingest") == QUICK.num_rung
    world.coordinator._lead()
    assert world.stores.queue.length("ingest") == QUICK.num_rung


def test_instructing_begins_before_describing_is_done(tmp_path: Path) -> None:
    world = World(tmp_path, STAGES, QUICK.model_copy(update={"num_rung": 1}))
    log = CommitLog(world.stores.objects, world.graph.node("describe").commits)
    for _ in range(100):
        world.turn()
        if log.shards():
            break
    assert log.shards() == ["p000000"]
    world.coordinator._lead()
    assert world.stores.queue.length("instruct") == 1
    assert world.stores.queue.length("describe") == 1


def test_messages_that_are_lost_are_sent_again(world: World) -> None:
    lost = 0
    for _ in range(200):
        world.coordinator._lead()
        for node in world.graph.nodes:
            if lost < 20:
                lost += world.stores.queue.drain(node.name, lambda task: True)
            else:
                world.stores.queue.drain(node.name, lambda task: world.shell.handle(task) or True)
        if ended(world.stores.objects, "r"):
            break
        threading.Event().wait(0.01)
    assert lost >= 20
    assert state_of(world)[0] == "finished"


def test_a_ledger_that_is_emptied_and_a_leader_that_is_replaced_lose_nothing(world: World) -> None:
    for turn in range(200):
        if turn % 3 == 1:
            world.stores.ledger.forget("r")
            world.stores.ledger.resign("coordinator", world.coordinator.owner)
            world.coordinator = Coordinator(world.stores, threading.Event())
        world.turn()
        if ended(world.stores.objects, "r"):
            break
    assert state_of(world)[0] == "finished"


def test_one_dead_task_of_many_is_told_and_the_run_goes_on(tmp_path: Path) -> None:
    def embed(shard: Shard, out: Output) -> Counts:
        if shard.name == "000001":
            raise ZeroDivisionError("poison")
        return STAGES["embed"](shard, out)

    world = World(tmp_path, {**STAGES, "embed": embed})
    world.finish()
    assert state_of(world)[0] == "finished"
    node = next(n for n in read_progress(world.stores.objects, "r").nodes if n.node == "embed")
    assert (node.done, node.failed, node.open) == (2, 1, 0)
    assert "poison" in world.stores.objects.get("runs/r/dead/embed/000001.json").decode()


def test_a_stage_of_which_every_task_fails_stops_the_run_and_a_retry_mends_it(
    tmp_path: Path,
) -> None:
    broken = True

    def embed(shard: Shard, out: Output) -> Counts:
        if broken:
            raise ZeroDivisionError("poison")
        return STAGES["embed"](shard, out)

    world = World(tmp_path, {**STAGES, "embed": embed})
    world.finish()
    state, why = state_of(world)
    assert state == "stopped"
    assert "embed: all 3 tasks failed" in why
    broken = False
    for key in list(world.stores.objects.list("runs/r/dead/")):
        world.stores.objects.delete(key)
    world.stores.ledger.forget("r")
    reopen(world.stores.objects, "r")
    world.finish()
    assert state_of(world)[0] == "finished"


def test_a_fault_that_no_attempt_can_mend_stops_the_run_at_once_with_its_words(
    tmp_path: Path,
) -> None:
    def ingest(shard: Shard, out: Output) -> Counts:
        raise StopError("the bucket is gone: make it again")

    world = World(tmp_path, {**STAGES, "ingest": ingest})
    world.finish()
    assert state_of(world) == ("stopped", "ingest: the bucket is gone: make it again")


def test_a_job_that_fails_twice_is_launched_again_and_a_third_failure_stops_the_run(
    world: World,
) -> None:
    world.jobs.failures = 2
    world.finish()
    assert state_of(world)[0] == "finished"
    assert [spec.arguments[1] for spec in world.jobs.launched].count("train") == 3


def test_a_job_that_always_fails_ends_among_the_dead_letters(world: World) -> None:
    world.jobs.failures = 99
    world.finish()
    state, why = state_of(world)
    assert state == "stopped"
    assert "train: all 1 tasks failed" in why
    assert b"no memory" in world.stores.objects.get("runs/r/dead/train/all.json")


def test_a_cancelled_run_is_let_go_with_its_jobs(world: World) -> None:
    world.turn()
    end_run(world.stores.objects, "r", "cancelled", "by its owner")
    world.turn()
    done = len(CommitLog(world.stores.objects, world.graph.node("embed").commits).shards())
    for _ in range(5):
        world.turn()
    assert len(CommitLog(world.stores.objects, world.graph.node("embed").commits).shards()) == done
    assert read_progress(world.stores.objects, "r").state == "cancelled"
    assert all(world.stores.ledger.backlog(stage) == 0 for stage in ("ingest", "dedupe", "embed"))


def test_only_one_of_two_coordinators_leads(world: World) -> None:
    second = Coordinator(world.stores, threading.Event())
    assert world.coordinator._lead()
    assert not second._lead()
    world.stores.ledger.resign("coordinator", world.coordinator.owner)
    assert second._lead()


def test_a_run_that_cannot_be_read_is_stopped_and_the_others_go_on(
    world: World, tmp_path: Path
) -> None:
    world.stores.objects.put("submitted/x.json", b'{"run": "x", "corpus": "c"}')
    world.finish()
    assert state_of(world)[0] == "finished"
    end = ended(world.stores.objects, "x")
    assert end is not None
    assert "no run 'x'" in end.why
