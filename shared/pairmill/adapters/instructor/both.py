"""Write instructions by rules and by a language model for the same pair. Knows neither's ways.

Rules name what differs, exactly and much alike; a model varies how it is said, and errs. A pair has
what either wrote, the rules' first; it is left out where neither could write.
"""

from collections.abc import Generator, Iterable, Sequence

from pairmill.core.errors import RejectError
from pairmill.core.records import Description
from pairmill.core.synthesis import COMPOSED, RawAnswer, Written, instructions_of
from pairmill.ports.instructor import Instructor


class BothInstructor:
    """The instructor that has two others write."""

    def __init__(self, rules: Instructor, model: Instructor) -> None:
        self._rules = rules
        self._model = model

    @property
    def author(self) -> str:
        """Both names."""
        return f"{self._rules.author} and {self._model.author}"

    def instruct(self, descriptions: Sequence[Description]) -> list[tuple[str, ...] | RejectError]:
        """Return one outcome for each description, in order; the same words but once."""
        found = {id(one): outcome for one, outcome in self.each(descriptions)}
        return [instructions_of(found[id(description)]) for description in descriptions]

    def each(
        self, descriptions: Iterable[Description]
    ) -> Generator[tuple[Description, tuple[Written, ...] | RejectError]]:
        """Yield each description with what was written for it, as the model answers.

        Rejected by the model's rule where neither wrote.
        """
        for description, asked in self._model.each(descriptions):
            ((_, ruled),) = self._rules.each([description])
            yield description, _joined(ruled, asked)

    def take_raw(self) -> tuple[RawAnswer, ...]:
        """Return what the model answered since the last call."""
        return (*self._rules.take_raw(), *self._model.take_raw())


def _joined(
    ruled: tuple[Written, ...] | RejectError, asked: tuple[Written, ...] | RejectError
) -> tuple[Written, ...] | RejectError:
    if isinstance(ruled, RejectError):
        return asked
    if isinstance(asked, RejectError):
        return ruled
    said = {one.text for one in ruled}
    return (*ruled, *(one for one in asked if one.task != COMPOSED or one.text not in said))
