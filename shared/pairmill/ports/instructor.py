"""The instructor port: a description becomes search instructions. Sees no image."""

from collections.abc import Generator, Iterable, Sequence
from typing import Protocol

from pairmill.core.errors import RejectError
from pairmill.core.records import Description
from pairmill.core.synthesis import RawAnswer, Written


class Instructor(Protocol):
    """Writes texts that lead from the query image to the target."""

    @property
    def author(self) -> str:
        """Name and version, kept with every triplet."""
        ...

    def instruct(self, descriptions: Sequence[Description]) -> list[tuple[str, ...] | RejectError]:
        """Return one outcome for each description, in order: at least three differently phrased
        instructions, or why there are none."""
        ...

    def each(
        self, descriptions: Iterable[Description]
    ) -> Generator[tuple[Description, tuple[Written, ...] | RejectError]]:
        """Yield each description with what was written for it, as they come, in any order.

        Instructions, which `instruct` returns, are those of the task `image+text→image`.
        `descriptions` is read only as far ahead as keeps a model busy, so it may be endless.
        """
        ...

    def take_raw(self) -> tuple[RawAnswer, ...]:
        """Return what a model answered since the last call, in an order of their own; nothing
        where none is asked."""
        ...
