"""How fast a run's nodes go, from what was heard of them one time after another. Draws nothing."""

from collections import deque
from dataclasses import dataclass

from pairmill.pipeline.standing import NodeProgress

WINDOW_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How a node goes. done, of: records, or tasks where records are not counted.

    rate: records or tasks a second; 0 where that cannot be told. left: seconds until the node is
    closed; None where that cannot be told.
    """

    node: NodeProgress
    done: int
    of: int
    rate: float
    left: float | None


class Paces:
    """Remembers what was heard of every node in the last half minute."""

    def __init__(self, window: float = WINDOW_SECONDS) -> None:
        self._window = window
        self._heard: dict[str, deque[tuple[float, int]]] = {}

    def hear(self, now: float, node: NodeProgress) -> Pace:
        """Take in how far a node is at a moment, in seconds; return its pace."""
        done, of = _measure(node)
        heard = self._heard.setdefault(node.node, deque())
        if not heard or heard[-1][1] != done:
            heard.append((now, done))
        while len(heard) > 2 and now - heard[1][0] > self._window:
            heard.popleft()
        rate = self._rate(now, node, done)
        left = None if node.closed or not rate or not of else max(of - done, 0) / rate
        return Pace(node=node, done=done, of=of, rate=rate, left=left)

    def _rate(self, now: float, node: NodeProgress, done: int) -> float:
        """A closed node's rate is that of all its time; an open one's, that of late."""
        if node.closed:
            return done / node.seconds if node.seconds else 0.0
        start, before = self._heard[node.node][0]
        return (done - before) / (now - start) if now > start and done > before else 0.0


def _measure(node: NodeProgress) -> tuple[int, int]:
    if node.total:
        return node.records, max(node.total, node.records)
    return node.done, node.tasks
