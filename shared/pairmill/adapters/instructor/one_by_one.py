"""What instructors share that need no model: one description at a time, in order, and no answers.

Knows descriptions; knows no wording.
"""

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Sequence

from pairmill.core.errors import RejectError
from pairmill.core.records import Description
from pairmill.core.synthesis import RawAnswer, Written, as_written


class OneByOne(ABC):
    """An instructor that writes for each description by itself."""

    def instruct(self, descriptions: Sequence[Description]) -> list[tuple[str, ...] | RejectError]:
        """Return one outcome for each description, in order."""
        return [self._instruct_one(description) for description in descriptions]

    def each(
        self, descriptions: Iterable[Description]
    ) -> Generator[tuple[Description, tuple[Written, ...] | RejectError]]:
        """Yield each description with its instructions, in order."""
        for description in descriptions:
            outcome = self._instruct_one(description)
            told = outcome if isinstance(outcome, RejectError) else as_written(outcome)
            yield description, told

    def take_raw(self) -> tuple[RawAnswer, ...]:
        """Return nothing: no model is asked."""
        return ()

    @abstractmethod
    def _instruct_one(self, description: Description) -> tuple[str, ...] | RejectError: ...
