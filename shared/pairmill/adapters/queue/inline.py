"""Deliver tasks in the process that published them. Knows no ledger and no stage."""

import math
import threading
import time
from collections import defaultdict, deque
from collections.abc import Sequence

from pairmill.ports.queue import Handler, Serving, Task

LOOK_SECONDS = 0.1
"""How soon a stop is noticed while nothing comes."""


class InlineQueue:
    """One line of tasks for each node, in memory; several threads may drain it.

    A task is delivered as often as it was published, in that order. One that is asked for again
    comes after the others; what ends that is the handler, by the ledger's cap on attempts. One
    whose handler raises stays in the queue.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rung = threading.Condition(self._lock)
        self._lines: defaultdict[str, deque[Task]] = defaultdict(deque)

    def publish(self, task: Task) -> None:
        """Ring for one task."""
        with self._rung:
            self._lines[task.node].append(task)
            self._rung.notify()

    def drain(self, node: str, handler: Handler) -> int:
        """Hand tasks of one node to `handler` until none is left; return how many were handed."""
        num_handed = 0
        while (task := self._next(node)) is not None:
            num_handed += 1
            done = False
            try:
                done = handler(task)
            finally:
                if not done:
                    self.publish(task)
        return num_handed

    def serve(self, serving: Serving, handler: Handler) -> None:
        """Hand tasks of these stages to `handler` until told to stop."""
        heard_at = -math.inf
        while not serving.stop.is_set():
            task = self._wait_for(serving)
            if task or time.monotonic() >= heard_at + serving.canary_seconds:
                serving.heard()
                heard_at = time.monotonic()
            if task:
                self._hand_over(task, handler)

    def length(self, stage: str) -> int:
        """Return how many tasks wait in a stage's lines."""
        with self._lock:
            return sum(len(line) for line in self._of((stage,)))

    def _wait_for(self, serving: Serving) -> Task | None:
        """Return a task of these stages, or None if none came in a while or a stop did."""
        with self._rung:
            if not any(self._of(serving.stages)):
                self._rung.wait(min(LOOK_SECONDS, serving.canary_seconds))
            line = next((line for line in self._of(serving.stages) if line), None)
            return line.popleft() if line and not serving.stop.is_set() else None

    def _hand_over(self, task: Task, handler: Handler) -> None:
        """Do a task; one whose handler raises goes back, one that is refused does not."""
        try:
            handler(task)
        except BaseException:
            self.publish(task)
            raise

    def _of(self, stages: Sequence[str]) -> list[deque[Task]]:
        """Return the lines of all nodes of these stages."""
        return [line for node, line in self._lines.items() if node.partition("@")[0] in stages]

    def _next(self, node: str) -> Task | None:
        with self._lock:
            line = self._lines[node]
            return line.popleft() if line else None
