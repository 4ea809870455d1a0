"""The ledger port: who works on what, how often it was tried, what is left.

It can be emptied at any time: commits are the truth, the ledger is rebuilt from them.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from pairmill.ports.queue import Task


class Standing(Enum):
    """What a claim found."""

    GRANTED = "granted"
    LEASED = "leased"
    DONE = "done"
    DEAD = "dead"


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The answer to a claim; `attempt` counts from 1 and is 0 unless granted."""

    standing: Standing
    attempt: int = 0


class Ledger(Protocol):
    """Atomic claims with leases, attempts with a cap, one open set per node.

    A task that was never opened may be claimed: it is opened by that. `owner` fences: renew,
    complete, release and fail of another owner change nothing and return False.
    """

    def open(self, task: Task) -> None:
        """Note that the task is left to do; done or dead ones stay so."""
        ...

    def claim(self, task: Task, owner: str) -> Claim:
        """Take the task unless it is leased, done or dead; the attempt after the cap is DEAD."""
        ...

    def renew(self, task: Task, owner: str) -> bool:
        """Lengthen the lease."""
        ...

    def complete(self, task: Task, owner: str) -> bool:
        """Note that the task's commit exists."""
        ...

    def release(self, task: Task, owner: str) -> bool:
        """Give the task back uncounted, as a draining worker does."""
        ...

    def fail(self, task: Task, owner: str, error: str) -> bool:
        """Give the task back; its attempt counts and the error is kept."""
        ...

    def open_tasks(self, run: str, node: str) -> list[Task]:
        """Return what is pending or leased, sorted by shard."""
        ...

    def dead_tasks(self, run: str, node: str) -> dict[str, str]:
        """Return shard to last error for tasks that used up their attempts."""
        ...
