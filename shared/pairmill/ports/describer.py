"""The describer port: a pair of images becomes a description. Knows no store and no prompt."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pairmill.core.errors import RejectError
from pairmill.core.records import Description, ImageRecord, Pair


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
