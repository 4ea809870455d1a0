"""Let a bounded number of calls in, and none that cannot be answered in time. Knows no transport.

An unbounded server collapses under twice its load: every call waits until its caller has left.
A bound, and a refusal of what is too late already, keep what is let in quick.
"""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import grpc

from pairmill.serving.faults import CallError

WEIGHT = 0.1
"""Of the newest call in the moving mean of what one costs."""
FORGET = 0.95
"""A refusal shrinks the mean by this, so that one slow call can never lock everybody out."""


class Admission:
    """Who is inside. Calls and streams are bounded apart, so that neither shuts the other out.

    Args:
        limit: calls inside at once, and streams inside at once.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.inside: Counter[bool] = Counter()
        self._cost: dict[str, float] = {}

    @contextmanager
    def admit(self, method: str, seconds_left: float | None, *, stream: bool) -> Iterator[None]:
        """Hold a place while the block runs.

        Raises CallError: RESOURCE_EXHAUSTED where all places are taken, DEADLINE_EXCEEDED where
        the call would be answered too late.
        """
        if self.inside[stream] >= self.limit:
            raise self._full(method)
        if not stream and seconds_left is not None:
            self._check_time(method, seconds_left)
        self.inside[stream] += 1
        share, start = self.inside[stream], time.monotonic()
        try:
            yield
            if not stream:
                self._learn(method, (time.monotonic() - start) / share)
        finally:
            self.inside[stream] -= 1

    def expected(self, method: str) -> float:
        """Return in how many seconds a call that came now would be answered."""
        return self._cost.get(method, 0.0) * (self.inside[False] + 1)

    def _learn(self, method: str, seconds: float) -> None:
        """A call among n that were inside took its time for n: what one costs is a share of it."""
        known = self._cost.get(method, seconds)
        self._cost[method] = (1 - WEIGHT) * known + WEIGHT * seconds

    def _check_time(self, method: str, seconds_left: float) -> None:
        expected = self.expected(method)
        if seconds_left <= expected or seconds_left <= 0:
            self._cost[method] = self._cost.get(method, 0.0) * FORGET
            raise CallError(
                grpc.StatusCode.DEADLINE_EXCEEDED, "TOO_LATE",
                f"got a deadline in {seconds_left * 1000:.0f} ms, and an answer would take some "
                f"{expected * 1000:.0f} ms: give more time, or try another replica",
            )  # fmt: skip

    def _full(self, method: str) -> CallError:
        wait = min(5.0, max(0.05, self._cost.get(method, 0.0) * self.limit / 2))
        return CallError(
            grpc.StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL",
            f"{self.limit} calls are inside, which is all that this replica takes: try again in "
            f"{wait:.2f} s", retry_seconds=wait, metadata={"max_in_flight": str(self.limit)},
        )  # fmt: skip
