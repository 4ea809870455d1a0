"""The instructor port: a description becomes search instructions. Sees no image."""

from collections.abc import Sequence
from typing import Protocol

from pairmill.core.errors import RejectError
from pairmill.core.records import Description


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
