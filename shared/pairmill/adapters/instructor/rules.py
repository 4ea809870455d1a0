"""Write instructions by rules, from descriptions. Knows no image, no store and no model.

The honest low-cost path: what it can and cannot do stands in `pairmill.core.instructing`.
"""

from collections.abc import Generator, Iterable, Sequence

from pairmill.config import InstructingConfig
from pairmill.core.errors import RejectError
from pairmill.core.instructing import write_instructions
from pairmill.core.phrases import VERSION
from pairmill.core.records import Description
from pairmill.core.synthesis import RawAnswer, Written, as_written


class RulesInstructor:
    """The instructor that fills templates; pair and seed alone decide which."""

    def __init__(self, config: InstructingConfig, seed: int) -> None:
        self._config = config
        self._seed = seed

    @property
    def author(self) -> str:
        """Name and version of the wordings."""
        return f"rules/{VERSION}"

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

    def _instruct_one(self, description: Description) -> tuple[str, ...] | RejectError:
        try:
            return write_instructions(
                description,
                per_pair=self._config.per_pair,
                max_chars=self._config.max_chars,
                seed=self._seed,
            )
        except RejectError as error:
            return error
