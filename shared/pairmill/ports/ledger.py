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


@dataclass(frozen=True, kw_only=True)
class Limits:
    """max_attempts: claims granted for one task; the one after them finds it dead. lease_seconds:
    how long a claim holds without `renew`. backoff_seconds: how long a task is not due after its
    first failure; doubled with every further one.
    """

    max_attempts: int = 3
    lease_seconds: float = 300.0
    backoff_seconds: float = 0.5

    def __post_init__(self) -> None:
        if self.max_attempts < 1 or self.lease_seconds <= 0 or self.backoff_seconds < 0:
            raise ValueError(f"{self}: wanted at least 1 attempt, a lease above 0, no backoff < 0")


class Ledger(Protocol):
    """Atomic claims with leases, attempts with a cap, an open set per stage.

    A task that was never opened may be claimed: it is opened by that. `owner` fences: renew,
    complete, release and fail of another owner change nothing and return False. An owner is a
    worker's name, or such a name, a slash and more: `holders` cuts there.
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

    def due(self, run: str, node: str, limit: int, again_seconds: float) -> list[Task]:
        """Return open tasks that ought to be rung for, in order of shards, and note them as rung:
        nobody holds them (a lease that ran out holds nothing), their back-off is over, and they
        were not rung for within `again_seconds`. So many that, with those that were, `limit` are
        under way; a message that was lost takes its place for `again_seconds` only."""
        ...

    def rung(self, run: str, node: str) -> int:
        """Return how many open tasks were rung for and are not held: messages under way."""
        ...

    def held(self, run: str, node: str) -> int:
        """Return how many tasks are under way: somebody's lease holds."""
        ...

    def backlog(self, stage: str) -> int:
        """Return how many tasks of a stage are open, over all runs: what an autoscaler reads."""
        ...

    def forget(self, run: str) -> None:
        """Drop all that is known of a run; its tasks may be opened anew."""
        ...

    def holders(self) -> frozenset[str]:
        """Return the names of the workers that hold a lease now."""
        ...

    def lead(self, name: str, owner: str, seconds: float) -> bool:
        """Take or keep the lease of that name; False while another owner holds it."""
        ...

    def resign(self, name: str, owner: str) -> None:
        """Give the lease of that name back, if `owner` holds it."""
        ...

    def wait(self, seconds: float) -> None:
        """Return once any task was opened, completed, released or failed, or after `seconds`."""
        ...
