"""What becomes of tasks when workers and the broker are killed, and Redis is emptied."""

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pairmill.adapters.ledger.redis import RedisLedger
from pairmill.adapters.queue.celery import CeleryQueue
from pairmill.ports.queue import Serving, Task
from tests.pairmill.adapters.queue.serving_process import LIMITS
from tests.servers.processes import RedisServer

pytestmark = pytest.mark.servers
ROOT = Path(__file__).resolve().parents[4]
PREFIX = "chaos:"


@pytest.fixture
def server(tmp_path: Path) -> Generator[RedisServer]:
    """A server of this test's own, to be killed and emptied."""
    with RedisServer(tmp_path / "redis") as server:
        yield server


@dataclass
class Site:
    """A broker with a queue, a ledger and any number of worker processes."""

    server: RedisServer
    queue: CeleryQueue
    ledger: RedisLedger
    workers: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def hire(self, *stages: str, work: float = 0.0, visibility: float = 60.0) -> int:
        """Start a worker process; return its pid."""
        settings = (self.server.url, PREFIX, str(work), str(visibility), *stages)
        command = [sys.executable, "-m", "tests.pairmill.adapters.queue.serving_process", *settings]
        path = os.pathsep.join([str(ROOT / "shared"), str(ROOT)])
        worker = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": path})
        self.workers.append(worker)
        return worker.pid

    def kill(self, pid: int) -> None:
        """Kill a worker at once."""
        for worker in [one for one in self.workers if one.pid == pid]:
            worker.kill()
            worker.wait()
            self.workers.remove(worker)

    def shards(self, key: str) -> list[str]:
        """Return what the workers noted."""
        with self.server.client() as client:
            return [shard.decode() for shard in client.lrange(PREFIX + key, 0, -1)]

    def sweep(self, node: str = "embed") -> None:
        """Ring as a coordinator does."""
        for task in self.ledger.due("r", node, 50, 5.0):
            self.queue.publish(task)

    def names(self) -> set[str]:
        with self.server.client() as client:
            return {key.decode().removeprefix(PREFIX) for key in client.keys(PREFIX + "*")}


@pytest.fixture
def site(server: RedisServer) -> Generator[Site]:
    with ExitStack() as stack:
        queue = stack.enter_context(closing(CeleryQueue(server.settings(PREFIX))))
        ledger = stack.enter_context(closing(RedisLedger(server.settings(PREFIX), LIMITS)))
        site = Site(server, queue, ledger)
        yield site
        for worker in site.workers:
            worker.terminate()
        codes = [worker.wait(20) for worker in site.workers]
    assert codes == [0] * len(codes), "SIGTERM drains"


def until(true: Callable[[], bool], seconds: float, do: Callable[[], object] = bool) -> None:
    """Wait until something is true, doing something meanwhile."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not true within {seconds} s"
        do()
        time.sleep(0.05)


def embed(shard: str) -> Task:
    return Task(run="r", node="embed", shard=shard)


def test_a_task_of_a_killed_worker_is_due_and_done_by_another(site: Site) -> None:
    pid = site.hire("embed", work=30.0)
    site.ledger.open(embed("a"))
    until(lambda: site.shards("began") == ["a"], 20, site.sweep)
    assert site.ledger.holders() == {str(pid)}
    site.kill(pid)
    site.hire("embed")
    until(lambda: site.shards("did") == ["a"], 20, site.sweep)
    assert site.ledger.backlog("embed") == 0


def test_a_message_of_a_killed_worker_is_restored_by_a_consumer_of_no_stage(site: Site) -> None:
    pid = site.hire("embed", work=30.0, visibility=2.0)
    site.queue.publish(embed("a"))
    until(lambda: site.shards("began") == ["a"], 20)
    site.kill(pid)
    assert site.queue.length("embed") == 0
    site.hire(visibility=2.0)
    until(lambda: site.queue.length("embed") == 1, 30)


def test_a_long_task_of_a_healthy_worker_is_not_handed_out_again(site: Site) -> None:
    site.hire("embed", work=8.0, visibility=2.0)
    site.queue.publish(embed("a"))
    until(lambda: site.shards("began") == ["a"], 20)
    site.hire("mine", visibility=2.0)  # it restores what is older than 2 s
    lengths = set()
    until(lambda: site.shards("did") == ["a"], 20, lambda: lengths.add(site.queue.length("embed")))
    assert lengths == {0}


@contextmanager
def meanwhile(do: Callable[[], None]) -> Generator[None]:
    thread = threading.Thread(target=do)
    thread.start()
    yield
    thread.join()


def test_serving_goes_on_after_the_broker_was_killed_and_restarted(site: Site) -> None:
    stop = threading.Event()
    seen: list[str] = []
    heard: list[int] = []

    def restart() -> None:
        for shard in "ab":
            site.queue.publish(embed(shard))
            until(lambda shard=shard: shard in seen, 20)  # type: ignore[misc]
            site.server.kill()
            time.sleep(1.5)
            site.server.start()
        heard.clear()
        site.queue.publish(embed("c"))
        until(lambda: "c" in seen, 20)
        until(lambda: len(heard) > 1, 10)
        stop.set()

    def handler(task: Task) -> bool:
        seen.append(task.shard)
        return True

    with meanwhile(restart):
        site.queue.serve(
            Serving(stages=["embed"], stop=stop, canary_seconds=0.5, heard=lambda: heard.append(1)),
            handler,
        )
    assert set(seen) == {"a", "b", "c"}


def test_a_broker_lost_during_a_task_ends_neither_the_task_nor_the_serving(site: Site) -> None:
    stop = threading.Event()
    seen: list[str] = []
    site.queue.publish(embed("a"))

    def handler(task: Task) -> bool:
        if not seen:
            site.server.kill()
            time.sleep(1)
            site.server.start()
            site.queue.publish(embed("b"))
        seen.append(task.shard)
        if task.shard == "b":
            stop.set()
        return True

    site.queue.serve(Serving(stages=["embed"], stop=stop, canary_seconds=1.0), handler)
    assert seen[0] == "a"
    assert seen[-1] == "b"


def test_of_a_thousand_tasks_none_is_lost_though_all_is_killed_and_emptied(site: Site) -> None:
    """Two workers, one killed now and then; Redis emptied once; a sweep by what is due."""
    random.seed(7)
    shards = [f"{number:04d}" for number in range(1000)]
    done: set[str] = set()

    def tell_all() -> None:
        for shard in shards:
            if shard not in done:
                site.ledger.open(embed(shard))

    def look() -> None:
        done.update(site.shards("did"))
        site.sweep()

    pids = [site.hire("embed", work=0.002) for _ in range(2)]
    tell_all()
    for step in range(4):
        until(lambda: len(done) >= 150 * (step + 1), 60, look)  # noqa: B023
        site.kill(pids[step % 2])
        pids[step % 2] = site.hire("embed", work=0.002)
    look()
    site.server.flush()
    tell_all()  # a coordinator does so from the commits
    until(lambda: done == set(shards), 90, look)
    until(lambda: site.ledger.backlog("embed") == 0, 20, look)


def test_two_workers_that_drain_leave_no_key_behind(site: Site) -> None:
    for _ in range(2):
        site.hire("embed")
    for number in range(50):
        site.queue.publish(embed(f"{number:02d}"))
    until(lambda: len(site.shards("did")) == 50, 30)
    assert not {key for key in site.names() if "binding" in key or "pidbox" in key}
    for worker in site.workers:
        worker.terminate()
    assert [worker.wait(20) for worker in site.workers] == [0, 0]
    rest = {key for key in site.names() if not key.startswith("ledger:")}
    assert rest == {"began", "did"}
