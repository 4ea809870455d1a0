"""The describer port: a pair of images becomes a description. Knows no store and no prompt."""

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pairmill.core.errors import RejectError
from pairmill.core.records import Description, ImageRecord, Pair
from pairmill.core.synthesis import RawAnswer


@dataclass(frozen=True, kw_only=True)
class PairView:
    """A pair with both its images, as a describer sees it."""

    pair: Pair
    query: ImageRecord
    target: ImageRecord


class Describer(Protocol):
    """Says what two images share and what differs."""

    @property
    def author(self) -> str:
        """Name and version, kept with every description."""
        ...

    def describe(self, views: Sequence[PairView]) -> list[Description | RejectError]:
        """Return one outcome for each view, in order: a description, or why there is none."""
        ...

    def each(
        self, views: Iterable[PairView]
    ) -> Generator[tuple[PairView, Description | RejectError]]:
        """Yield each view with its outcome, as they come, in any order.

        `views` is read only as far ahead as keeps a model busy, so it may be endless.
        """
        ...

    def take_raw(self) -> tuple[RawAnswer, ...]:
        """Return what a model answered since the last call, in an order of their own; nothing
        where none is asked."""
        ...
