"""Write instructions by rules, from descriptions. Knows no image, no store and no model.

The honest low-cost path: what it can and cannot do stands in `pairmill.core.instructing`.
"""

from pairmill.adapters.instructor.one_by_one import OneByOne
from pairmill.config import InstructingConfig
from pairmill.core.errors import RejectError
from pairmill.core.instructing import write_instructions
from pairmill.core.phrases import VERSION
from pairmill.core.records import Description


class RulesInstructor(OneByOne):
    """The instructor that fills templates; pair and seed alone decide which."""

    def __init__(self, config: InstructingConfig, seed: int) -> None:
        self._config = config
        self._seed = seed

    @property
    def author(self) -> str:
        """Name and version of the wordings."""
        return f"rules/{VERSION}"

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
