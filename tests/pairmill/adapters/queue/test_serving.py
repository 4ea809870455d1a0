"""What every task queue must do while it serves. The adapters it judges stand in conftest.py."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from pairmill.ports.queue import Serving, Task, TaskQueue


def task(shard: str, node: str = "embed", run: str = "r") -> Task:
    return Task(run=run, node=node, shard=shard)


@dataclass
class Desk:
    """A handler that notes what it is handed and stops the serving once it has enough."""

    enough: int = 10**9
    accept: bool = True
    stop: threading.Event = field(default_factory=threading.Event)
    seen: list[Task] = field(default_factory=list)
    heard: int = 0

    def __call__(self, task: Task) -> bool:
        """Note the task."""
        self.seen.append(task)
        if len(self.seen) >= self.enough:
            self.stop.set()
        return self.accept

    def hear(self) -> None:
        self.heard += 1

    def serving(self, *stages: str, canary_seconds: float = 60.0) -> Serving:
        return Serving(
            stages=stages, stop=self.stop, heard=self.hear, canary_seconds=canary_seconds
        )

    def stop_in(self, seconds: float) -> None:
        timer = threading.Timer(seconds, self.stop.set)
        timer.daemon = True
        timer.start()


def publish(queue: TaskQueue, tasks: Sequence[Task]) -> None:
    for one in tasks:
        queue.publish(one)


def seconds_of(call: Callable[[], object]) -> float:
    started = time.monotonic()
    call()
    return time.monotonic() - started


def test_every_node_and_run_of_the_stages_is_served_and_no_other(queue: TaskQueue) -> None:
    wanted = [task("a"), task("b", "embed@gallery"), task("c", "mine"), task("d", run="s")]
    publish(queue, [*wanted, task("e", "bands")])
    desk = Desk(enough=4)
    queue.serve(desk.serving("embed", "mine"), desk)
    assert sorted(desk.seen, key=lambda one: one.shard) == wanted
    assert (queue.length("embed"), queue.length("mine"), queue.length("bands")) == (0, 0, 1)


def test_what_waits_is_counted_by_stage(queue: TaskQueue) -> None:
    assert queue.length("embed") == 0
    publish(queue, [task("a"), task("b", "embed@gallery"), task("c", "mine")])
    assert (queue.length("embed"), queue.length("mine"), queue.length("bands")) == (2, 1, 0)


def test_one_task_is_under_way_at_a_time_and_does_not_count_as_waiting(queue: TaskQueue) -> None:
    publish(queue, [task(shard) for shard in "abc"])
    under_way, waiting = 0, []
    desk = Desk(enough=3)

    def handler(one: Task) -> bool:
        nonlocal under_way
        under_way += 1
        assert under_way == 1
        time.sleep(0.05)
        waiting.append(queue.length("embed"))
        under_way -= 1
        return desk(one)

    queue.serve(desk.serving("embed"), handler)
    assert waiting == [2, 1, 0]


def test_a_task_published_while_serving_comes_soon(queue: TaskQueue) -> None:
    desk = Desk(enough=1)
    timer = threading.Timer(0.5, queue.publish, [task("a")])
    timer.start()
    assert seconds_of(lambda: queue.serve(desk.serving("embed"), desk)) < 5
    timer.join()
    assert desk.seen == [task("a")]


def test_what_a_handler_publishes_is_served_too(queue: TaskQueue) -> None:
    queue.publish(task("a"))
    desk = Desk(enough=3)

    def handler(one: Task) -> bool:
        queue.publish(task(one.shard + "a"))
        return desk(one)

    queue.serve(desk.serving("embed"), handler)
    assert [one.shard for one in desk.seen] == ["a", "aa", "aaa"]


def test_a_refused_task_was_delivered_and_comes_no_more(queue: TaskQueue) -> None:
    publish(queue, [task("a"), task("b")])
    desk = Desk(accept=False)
    desk.stop_in(2)
    queue.serve(desk.serving("embed"), desk)
    assert [one.shard for one in desk.seen] == ["a", "b"]
    assert queue.length("embed") == 0


def test_after_a_stop_nothing_more_is_handed_over_and_nothing_is_lost(queue: TaskQueue) -> None:
    publish(queue, [task(shard) for shard in "abc"])
    desk = Desk(enough=1)
    queue.serve(desk.serving("embed"), desk)
    again = Desk(enough=2)
    queue.serve(again.serving("embed"), again)
    assert [one.shard for one in desk.seen + again.seen] == ["a", "b", "c"]


def test_serving_ends_soon_after_a_stop_where_nothing_comes(queue: TaskQueue) -> None:
    desk = Desk()
    desk.stop_in(0.3)
    assert seconds_of(lambda: queue.serve(desk.serving("embed"), desk)) < 5
    assert seconds_of(lambda: queue.serve(desk.serving("embed"), desk)) < 5, "stopped before"
    assert desk.seen == []


def test_a_task_under_way_is_ended_before_serving_ends(queue: TaskQueue) -> None:
    queue.publish(task("a"))
    desk = Desk()

    def handler(one: Task) -> bool:
        desk.stop.set()
        time.sleep(1.5)
        return desk(one)

    queue.serve(desk.serving("embed"), handler)
    assert desk.seen == [task("a")]


@pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_what_a_handler_raises_goes_through_and_its_task_comes_again(
    queue: TaskQueue, kind: type[BaseException]
) -> None:
    queue.publish(task("a"))

    def handler(one: Task) -> bool:
        raise kind("from the handler")

    with pytest.raises(kind, match="from the handler"):
        queue.serve(Desk().serving("embed"), handler)
    desk = Desk(enough=1)
    desk.stop_in(10)
    queue.serve(desk.serving("embed"), desk)
    assert desk.seen == [task("a")]


def test_something_is_heard_now_and_then_where_nothing_comes(queue: TaskQueue) -> None:
    desk = Desk()
    desk.stop_in(3.5)
    queue.serve(desk.serving("embed", canary_seconds=0.5), desk)
    assert desk.heard >= 3
    assert desk.seen == []


def test_a_task_is_heard(queue: TaskQueue) -> None:
    queue.publish(task("a"))
    desk = Desk(enough=1)
    queue.serve(desk.serving("embed"), desk)
    assert desk.heard >= 1


def test_who_serves_no_stage_still_hears_and_stops(queue: TaskQueue) -> None:
    queue.publish(task("a"))
    desk = Desk()
    desk.stop_in(1.5)
    queue.serve(desk.serving(canary_seconds=0.5), desk)
    assert (desk.heard >= 1, desk.seen, queue.length("embed")) == (True, [], 1)
