"""Deliver tasks in the process that published them. Knows no ledger and no stage."""

import threading
from collections import defaultdict, deque

from pairmill.ports.queue import Handler, Task


class InlineQueue:
    """One line of tasks for each node, in memory; several threads may drain it.

    A task is delivered as often as it was published, in that order. One that is asked for again
    comes after the others; what ends that is the handler, by the ledger's cap on attempts. One
    whose handler raises stays in the queue.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: defaultdict[str, deque[Task]] = defaultdict(deque)

    def publish(self, task: Task) -> None:
        """Ring for one task."""
        with self._lock:
            self._lines[task.node].append(task)

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

    def _next(self, node: str) -> Task | None:
        with self._lock:
            line = self._lines[node]
            return line.popleft() if line else None
