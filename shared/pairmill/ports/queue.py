"""The task queue port: a doorbell for work that the object store already knows of."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Task:
    """One stage on one shard: names only, never data.

    node: the stage's place in the run's graph, such as `embed` or `embed@gallery`.
    """

    run: str
    node: str
    shard: str

    @property
    def stage(self) -> str:
        """The node's stage, which names the queue: `embed` of `embed@gallery`."""
        return self.node.partition("@")[0]


Handler = Callable[[Task], bool]
"""Takes one task; False asks for the task to be delivered again later."""


@dataclass(frozen=True, kw_only=True)
class Serving:
    """How a shell and a queue speak while tasks are served.

    stages: whose queues are served. stop: once set, no further task is handed over. heard: called
    whenever anything came through, if only a canary that the queue sends itself at least every
    `canary_seconds`; its silence while no task is under way means that nothing will come any more.
    """

    stages: Sequence[str]
    stop: threading.Event
    heard: Callable[[], None] = field(default=lambda: None)
    canary_seconds: float = 60.0


class TaskQueue(Protocol):
    """At-least-once delivery in no promised order; a task may come twice or be lost, since the
    ledger and the commits, not the queue, know what is left to do."""

    def publish(self, task: Task) -> None:
        """Ring for one task."""
        ...

    def drain(self, node: str, handler: Handler) -> int:
        """Hand tasks of one node to `handler` until none is left; return how many were handed."""
        ...

    def serve(self, serving: Serving, handler: Handler) -> None:
        """Hand tasks of every node of these stages to `handler`, one at a time, until told to
        stop; return once the task under way has returned. A broker that goes away is waited for.
        A message that is no task is logged and thrown away.

        Whatever `handler` returns, the task was delivered: one that is refused comes again only
        when it is rung for again, as the ledger's `due` says. What `handler` raises ends the
        serving and goes through; that task is delivered again."""
        ...

    def length(self, stage: str) -> int:
        """Return how many messages wait in a stage's queue; those handed over do not count."""
        ...
