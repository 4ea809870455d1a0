"""What every task queue must do. The adapters it judges stand in conftest.py."""

import threading
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pairmill.ports.queue import Task, TaskQueue


def embed(shard: str) -> Task:
    """Return a task of the node `embed`."""
    return Task(run="r", node="embed", shard=shard)


class Seen:
    """A handler that notes what it is handed and refuses some of it a number of times."""

    def __init__(self, refusals: dict[str, int] | None = None) -> None:
        self.shards: list[str] = []
        self._left = dict(refusals or {})

    def __call__(self, task: Task) -> bool:
        """Note the task; False while refusals are left."""
        self.shards.append(task.shard)
        self._left[task.shard] = self._left.get(task.shard, 0) - 1
        return self._left[task.shard] < 0


def test_every_published_task_is_handed_over_once(queue: TaskQueue) -> None:
    for shard in "abc":
        queue.publish(embed(shard))
    seen = Seen()
    assert queue.drain("embed", seen) == 3
    assert sorted(seen.shards) == ["a", "b", "c"]
    assert queue.drain("embed", seen) == 0


def test_an_empty_queue_hands_over_nothing(queue: TaskQueue) -> None:
    assert queue.drain("embed", Seen()) == 0


def test_a_node_is_handed_its_own_tasks_only(queue: TaskQueue) -> None:
    queue.publish(Task(run="r", node="embed@gallery", shard="g"))
    queue.publish(embed("c"))
    seen = Seen()
    assert queue.drain("embed", seen) == 1
    assert queue.drain("embed@gallery", seen) == 1
    assert seen.shards == ["c", "g"]


def test_a_refused_task_comes_again_after_the_others(queue: TaskQueue) -> None:
    for shard in "abc":
        queue.publish(embed(shard))
    seen = Seen({"a": 2})
    assert queue.drain("embed", seen) == 5
    assert Counter(seen.shards) == {"a": 3, "b": 1, "c": 1}
    assert seen.shards[-1] == "a"


def test_a_task_may_be_published_twice_and_may_come_twice(queue: TaskQueue) -> None:
    queue.publish(embed("a"))
    queue.publish(embed("a"))
    seen = Seen()
    assert queue.drain("embed", seen) in (1, 2)
    assert set(seen.shards) == {"a"}


def test_what_a_handler_publishes_is_handed_over_too(queue: TaskQueue) -> None:
    queue.publish(embed("a"))
    seen: list[str] = []

    def handler(task: Task) -> bool:
        seen.append(task.shard)
        if len(task.shard) < 3:
            queue.publish(embed(task.shard + "a"))
        return True

    assert queue.drain("embed", handler) == 3
    assert seen == ["a", "aa", "aaa"]


@pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt])
def test_a_task_whose_handler_raises_is_not_lost(
    queue: TaskQueue, kind: type[BaseException]
) -> None:
    queue.publish(embed("a"))

    def handler(task: Task) -> bool:
        raise kind

    with pytest.raises(kind):
        queue.drain("embed", handler)
    seen = Seen()
    assert queue.drain("embed", seen) == 1
    assert seen.shards == ["a"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), st.integers(0, 3), max_size=8))
def test_each_task_is_handed_over_until_it_is_accepted(
    queue: TaskQueue, refusals: dict[str, int]
) -> None:
    for shard in refusals:
        queue.publish(embed(shard))
    seen = Seen(refusals)
    assert queue.drain("embed", seen) == len(refusals) + sum(refusals.values())
    assert Counter(seen.shards) == {shard: count + 1 for shard, count in refusals.items()}


def test_threads_that_drain_together_share_the_tasks(queue: TaskQueue) -> None:
    for number in range(200):
        queue.publish(embed(f"{number:03d}"))
    seen, start = [Seen() for _ in range(4)], threading.Barrier(4)

    def drain(handler: Seen) -> None:
        start.wait()
        queue.drain("embed", handler)

    threads = [threading.Thread(target=drain, args=(handler,)) for handler in seen]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(s for one in seen for s in one.shards) == [f"{n:03d}" for n in range(200)]
