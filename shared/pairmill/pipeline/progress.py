"""Tell how far a task or a job is. Knows no screen: a listener shows it, or an object holds it."""

import json
import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Protocol, TypeVar

from pairmill.core.ids import canonical_json
from pairmill.ports.objects import ObjectStore

Outcome = TypeVar("Outcome")

EVERY, SECONDS = 32, 1.0
"""After so many records, or so long, a stream tells how far it is."""


class Progress(Protocol):
    """What a stage calls while it works; a worker also takes it as its sign of life."""

    def advance(self, count: int = 1) -> None:
        """Say that `count` more records of the shard are done."""
        ...

    def total(self, count: int) -> None:
        """Say how many records or steps there are, where only the stage knows."""
        ...


class Silent:
    """Progress that nobody watches."""

    def advance(self, count: int = 1) -> None:
        """Ignore it."""

    def total(self, count: int) -> None:
        """Ignore it."""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """How far a job is: `done` of `total` steps."""

    done: int
    total: int


def follow(outcomes: Generator[Outcome], progress: Progress) -> Generator[Outcome]:
    """Yield outcomes as they come, and say so now and then: one record each.

    What makes them is closed when the reader stops, or when `progress` ends the work.
    """
    with closing(outcomes):
        untold, told_at = 0, time.monotonic()
        for outcome in outcomes:
            yield outcome
            untold += 1
            if untold == EVERY or time.monotonic() - told_at >= SECONDS:
                progress.advance(untold)
                untold, told_at = 0, time.monotonic()
        if untold:
            progress.advance(untold)


class ObjectProgress:
    """Progress of a job, left in an object for whoever waits; written once a second at most."""

    def __init__(self, objects: ObjectStore, key: str) -> None:
        self._objects, self._key = objects, key
        self._mark, self._written = Mark(done=0, total=0), 0.0

    def advance(self, count: int = 1) -> None:
        """Count, and write if a second has passed."""
        self._mark = Mark(done=self._mark.done + count, total=self._mark.total)
        self._write()

    def total(self, count: int) -> None:
        """Set the total, and write if a second has passed."""
        self._mark = Mark(done=self._mark.done, total=count)
        self._write()

    def _write(self) -> None:
        if time.monotonic() - self._written >= 1.0:
            self._objects.put(self._key, canonical_json(asdict(self._mark)))
            self._written = time.monotonic()


def read_mark(objects: ObjectStore, key: str) -> Mark | None:
    """Return what a job last left, or None."""
    try:
        return Mark(**json.loads(objects.get(key)))
    except KeyError:
        return None
