"""Where the questions of one call are: waiting, asked or answered. Knows no server and no cache."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Generic

from pairmill.adapters.chat.questions import About, Question
from pairmill.core.errors import RejectError

Outcome = tuple[About, Any | RejectError]
"""What a question was about, and the value of its answer or why there is none."""


@dataclass(frozen=True, kw_only=True)
class Attempt(Generic[About]):
    """A question as it stands: `first` is how it was put at first, `number` counts repairs."""

    first: Question[About]
    now: Question[About]
    digest: str
    number: int = 0


@dataclass
class Flow(Generic[About]):
    """Where the questions of one call are."""

    source: Iterator[Question[About]]
    is_open: bool = True
    again: deque[Attempt[About]] = field(default_factory=deque)
    asked: dict[str, Attempt[About]] = field(default_factory=dict)
    ready: deque[Outcome[About]] = field(default_factory=deque)
    heard: float = 0.0
    """When the last answer came, or asking began."""

    @property
    def halted(self) -> bool:
        """Whether the budget alone keeps what is left from being asked."""
        return bool(self.again) and not self.ready

    def take(self) -> Iterator[Outcome[About]]:
        while self.ready:
            yield self.ready.popleft()
