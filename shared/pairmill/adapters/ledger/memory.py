"""Keep the ledger of one process in memory. Knows tasks and clocks; knows no stage.

Nothing outlasts the process, and nothing must: commits are the truth.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from pairmill.ports.ledger import Claim, Standing
from pairmill.ports.queue import Task


@dataclass
class _Entry:
    """One task: who holds it until when, how often it was tried, how it ended."""

    attempts: int = 0
    owner: str = ""
    until: float = 0.0
    ended: Standing | None = None
    error: str = ""


class MemoryLedger:
    """A ledger for the threads of one process.

    Args:
        max_attempts: claims granted for one task; the one after them finds it dead.
        lease_seconds: how long a claim holds without `renew`.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        max_attempts: int,
        lease_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if max_attempts < 1 or lease_seconds <= 0:
            raise ValueError(
                f"max_attempts {max_attempts}, lease_seconds {lease_seconds}: wanted at least 1 "
                "and more than 0"
            )
        self._max_attempts, self._lease_seconds, self._clock = max_attempts, lease_seconds, clock
        self._lock = threading.Lock()
        self._nodes: defaultdict[tuple[str, str], dict[str, _Entry]] = defaultdict(dict)

    def open(self, task: Task) -> None:
        """Note that the task is left to do; done or dead ones stay so."""
        with self._lock:
            self._entry(task)

    def claim(self, task: Task, owner: str) -> Claim:
        """Take the task unless it is leased, done or dead; the attempt after the cap is DEAD."""
        with self._lock:
            entry, now = self._entry(task), self._clock()
            if entry.ended:
                return Claim(standing=entry.ended)
            if entry.owner and now < entry.until:
                return Claim(standing=Standing.LEASED)
            if entry.owner:
                entry.error = f"the lease of {entry.owner} ran out: it was killed, or hangs"
            if entry.attempts >= self._max_attempts:
                entry.ended, entry.owner = Standing.DEAD, ""
                return Claim(standing=Standing.DEAD)
            entry.attempts += 1
            entry.owner, entry.until = owner, now + self._lease_seconds
            return Claim(standing=Standing.GRANTED, attempt=entry.attempts)

    def renew(self, task: Task, owner: str) -> bool:
        """Lengthen the lease."""
        with self._lock:
            entry = self._held(task, owner)
            if entry is None or entry.ended:
                return False
            entry.until = self._clock() + self._lease_seconds
            return True

    def complete(self, task: Task, owner: str) -> bool:
        """Note that the task's commit exists; saying so again changes nothing."""
        with self._lock:
            entry = self._held(task, owner)
            if entry is None:
                return False
            entry.ended = Standing.DONE
            return True

    def release(self, task: Task, owner: str) -> bool:
        """Give the task back uncounted, as a draining worker does."""
        with self._lock:
            entry = self._held(task, owner)
            if entry is None or entry.ended:
                return False
            entry.owner, entry.attempts = "", entry.attempts - 1
            return True

    def fail(self, task: Task, owner: str, error: str) -> bool:
        """Give the task back; its attempt counts and the error is kept."""
        with self._lock:
            entry = self._held(task, owner)
            if entry is None or entry.ended:
                return False
            entry.owner, entry.error = "", error
            return True

    def open_tasks(self, run: str, node: str) -> list[Task]:
        """Return what is pending or leased, sorted by shard."""
        with self._lock:
            found = sorted(self._nodes[run, node].items())
            return [Task(run=run, node=node, shard=s) for s, entry in found if not entry.ended]

    def dead_tasks(self, run: str, node: str) -> dict[str, str]:
        """Return shard to last error for tasks that used up their attempts."""
        with self._lock:
            found = sorted(self._nodes[run, node].items())
            return {s: entry.error for s, entry in found if entry.ended is Standing.DEAD}

    def _entry(self, task: Task) -> _Entry:
        return self._nodes[task.run, task.node].setdefault(task.shard, _Entry())

    def _held(self, task: Task, owner: str) -> _Entry | None:
        """Return the entry if `owner` holds it, or ended it, else None."""
        entry = self._nodes[task.run, task.node].get(task.shard)
        return entry if entry and owner and entry.owner == owner else None
