"""The queue shell: whatever a message or a stage does, the process goes on."""

import threading
import time
from pathlib import Path

import pytest

from pairmill import shell as module
from pairmill.core.errors import RetryError, StopError
from pairmill.pipeline.commit import CommitLog, Counts
from pairmill.pipeline.output import Output
from pairmill.pipeline.progress import Progress
from pairmill.pipeline.shard import Shard
from pairmill.pipeline.standing import end_run, ended
from pairmill.ports.queue import Serving, Task
from pairmill.settings import Settings
from pairmill.shell import Shell
from pairmill.working.desk import Stages
from tests.fakes import STAGES, submit

TASK = Task(run="r", node="ingest", shard="000000")
QUICK = Settings(backoff_seconds=0)


def make_shell(root: Path, stages: Stages = STAGES) -> Shell:
    ports, _ = submit(root, settings=QUICK)
    return Shell("ingestor", stages, ports.stores, threading.Event())


def shards(shell: Shell) -> list[str]:
    _, graph = shell._runs.open("r")
    return CommitLog(shell.stores.objects, graph.node("ingest").commits).shards()


def test_a_task_is_done_and_settled(tmp_path: Path) -> None:
    shell = make_shell(tmp_path)
    assert shell.handle(TASK)
    assert shards(shell) == ["000000"]


@pytest.mark.parametrize(
    "task",
    [
        Task(run="unknown", node="ingest", shard="000000"),
        Task(run="r", node="unknown", shard="000000"),
        Task(run="r", node="ingest@gallery", shard="000000"),
    ],
)
def test_a_task_of_nobody_is_refused_and_never_asked_for_again(tmp_path: Path, task: Task) -> None:
    shell = make_shell(tmp_path)
    assert shell.handle(task)
    assert shards(shell) == []


def test_another_services_task_is_refused(tmp_path: Path) -> None:
    shell = make_shell(tmp_path, {"embed": STAGES["embed"]})
    assert shell.handle(TASK)
    assert shards(shell) == []


def test_a_task_of_a_run_that_ended_is_not_begun(tmp_path: Path) -> None:
    shell = make_shell(tmp_path)
    end_run(shell.stores.objects, "r", "cancelled", "by its owner")
    assert shell.handle(TASK)
    assert shards(shell) == []
    assert shell.stores.ledger.backlog("ingest") == 0


def test_a_fault_that_passes_costs_no_attempt(tmp_path: Path) -> None:
    faults = [RetryError("the store is away")] * 5

    def ingest(shard: Shard, out: Output) -> Counts:
        if faults:
            raise faults.pop()
        return STAGES["ingest"](shard, out)

    shell = make_shell(tmp_path, {"ingest": ingest})
    assert [shell.handle(TASK) for _ in range(6)] == [False] * 5 + [True]
    assert shards(shell) == ["000000"]


def test_a_task_that_kills_every_worker_leaves_a_dead_letter(tmp_path: Path) -> None:
    now = Settings(backoff_seconds=0, lease_seconds=0.01)
    ports, _ = submit(tmp_path, settings=now)
    shell = Shell("ingestor", STAGES, ports.stores, threading.Event())
    for attempt in range(3):
        ports.ledger.claim(TASK, f"killed-{attempt}/x")
        time.sleep(0.02)
    assert shell.handle(TASK)
    letter = ports.objects.get("runs/r/dead/ingest/000000.json").decode()
    assert "killed-2" in letter


def test_what_no_attempt_can_mend_stops_the_run(tmp_path: Path) -> None:
    def ingest(shard: Shard, out: Output) -> Counts:
        raise StopError("the disk is full")

    shell = make_shell(tmp_path, {"ingest": ingest})
    assert shell.handle(TASK)
    end = ended(shell.stores.objects, "r")
    assert end is not None
    assert (end.state, end.why) == ("stopped", "ingest: the disk is full")


def test_a_drained_task_is_given_back_uncounted(tmp_path: Path) -> None:
    def ingest(shard: Shard, out: Output, progress: Progress) -> Counts:
        shell.stop.set()
        progress.advance()
        raise AssertionError("the stage went on")

    shell = make_shell(tmp_path, {"ingest": ingest})
    for _ in range(5):
        assert not shell.handle(TASK)
    assert shell.stores.ledger.open_tasks("r", "ingest") == [TASK]
    assert shell.stores.ledger.dead_tasks("r", "ingest") == {}


def test_a_worker_that_hears_nothing_more_is_not_alive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = make_shell(tmp_path)
    monkeypatch.setattr(module, "SILENT_SECONDS", 0.02)
    time.sleep(0.03)
    assert shell.live() == "", "still loading: that is the startup probe's business"
    shell.warm_up()
    assert "not even a canary" in shell.live()
    shell.heard()
    assert shell.live() == ""


def test_a_shell_serves_all_its_stages_until_it_is_told_to_stop(tmp_path: Path) -> None:
    shell = make_shell(tmp_path)
    for number in range(3):
        shell.stores.queue.publish(Task(run="r", node="ingest", shard=f"00000{number}"))
    serving = Serving(stages=list(STAGES), stop=shell.stop, heard=shell.heard)
    thread = threading.Thread(target=shell.stores.queue.serve, args=(serving, shell.handle))
    thread.start()
    end = time.monotonic() + 10
    while len(shards(shell)) < 3 and time.monotonic() < end:
        time.sleep(0.01)
    shell.stop.set()
    thread.join(5)
    assert not thread.is_alive()
    assert shards(shell) == ["000000", "000001", "000002"]
