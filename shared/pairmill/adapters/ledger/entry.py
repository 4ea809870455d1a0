"""One task's line in a ledger in memory: who holds it, how often it was tried, when it is due.

Knows limits and seconds; knows no clock, no lock and no other task.
"""

from dataclasses import dataclass

from pairmill.ports.ledger import Claim, Limits, Standing


@dataclass
class Entry:
    """owner: of the lease until `until`, or who ended it. rung: when, if not claimed since."""

    attempts: int = 0
    owner: str = ""
    until: float = 0.0
    rests_until: float = 0.0
    rung: float | None = None
    ended: Standing | None = None
    error: str = ""

    def claim(self, owner: str, now: float, limits: Limits) -> Claim:
        """Grant an attempt unless the task ended or is held; the one after the cap kills it."""
        if self.ended:
            return Claim(standing=self.ended)
        if self.is_held(now):
            return Claim(standing=Standing.LEASED)
        if self.owner:
            self.error = f"the lease of {self.owner} ran out: it was killed, or hangs"
        if self.attempts >= limits.max_attempts:
            self.ended, self.owner = Standing.DEAD, ""
            return Claim(standing=Standing.DEAD)
        self.attempts += 1
        self.hold(owner, now + limits.lease_seconds)
        return Claim(standing=Standing.GRANTED, attempt=self.attempts)

    def hold(self, owner: str, until: float) -> None:
        """Note a lease, which answers the last ring."""
        self.owner, self.until, self.rests_until, self.rung = owner, until, 0.0, None

    def release(self) -> None:
        """End the lease as if it had not been; a ring since it ran out no longer counts."""
        self.owner, self.rests_until, self.attempts = "", 0.0, self.attempts - 1
        self.rung = None

    def fail(self, error: str, now: float, backoff: float) -> None:
        """End the lease; the task is not due for a while."""
        self.owner, self.error, self.rung = "", error, None
        self.rests_until = now + backoff * 2 ** (self.attempts - 1)

    def is_held(self, now: float) -> bool:
        """Say whether a lease holds now."""
        return bool(self.owner) and not self.ended and now < self.until

    def is_rung(self, now: float, again_seconds: float) -> bool:
        """Say whether a message for it is taken to be under way."""
        return self.rung is not None and now < self.rung + again_seconds

    def is_due(self, now: float, again_seconds: float) -> bool:
        """Say whether an open task ought to be rung for."""
        rests = now < self.rests_until
        return not (rests or self.is_rung(now, again_seconds) or self.is_held(now))
