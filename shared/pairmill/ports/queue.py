"""The task queue port: a doorbell for work that the object store already knows of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Task:
    """One stage on one shard: names only, never data.

    node: the stage's place in the run's graph, such as `embed` or `embed@gallery`.
    """

    run: str
    node: str
    shard: str


Handler = Callable[[Task], bool]
"""Takes one task; False asks for the task to be delivered again later."""


class TaskQueue(Protocol):
    """At-least-once delivery in no promised order; a task may come twice or be lost, since the
    ledger and the commits, not the queue, know what is left to do."""

    def publish(self, task: Task) -> None:
        """Ring for one task."""
        ...

    def drain(self, node: str, handler: Handler) -> int:
        """Hand tasks of one node to `handler` until none is left; return how many were handed."""
        ...
