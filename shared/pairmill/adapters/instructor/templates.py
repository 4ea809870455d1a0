"""Put what is said of the target in three fixed frames: a baseline to measure real instructions by.

Knows descriptions; knows no image, no store and no model. It ignores what the images differ in: a
text that names the whole target leaves the query image nothing to add.
"""

from pairmill.adapters.instructor.one_by_one import OneByOne
from pairmill.config import InstructingConfig
from pairmill.core.aspects import ALSO, parse_aspect
from pairmill.core.errors import RejectError
from pairmill.core.records import Description

FRAMES = ("find a picture of {caption}", "a picture of {caption}", "show me {caption}")
AUTHOR = "templates/1"
"""Raise the number when equal descriptions would give other texts."""


class TemplatesInstructor(OneByOne):
    """The instructor that asks for the target's caption; `per_pair` beyond three is not met."""

    def __init__(self, config: InstructingConfig) -> None:
        self._config = config

    @property
    def author(self) -> str:
        """Name and version of the frames."""
        return AUTHOR

    def _instruct_one(self, description: Description) -> tuple[str, ...] | RejectError:
        """Return three texts; rejected by the rules of `pairmill.core.instructing`, so that both
        learn from like pairs: `nothing_to_name`, and `too_long` with the shortest length."""
        if not description.only_target:
            return RejectError("nothing_to_name", "the target has nothing that the query lacks")
        texts = tuple(frame.format(caption=caption_of(description)) for frame in FRAMES)
        if max(map(len, texts)) > self._config.max_chars:
            return RejectError("too_long", min(map(len, texts)))
        return texts


def caption_of(description: Description) -> str:
    """Return the target's caption as far as the description has it: what both show, then what only
    the target has."""
    aspects = [parse_aspect(phrase) for phrase in (*description.shared, *description.only_target)]
    return ", ".join(dict.fromkeys(aspect.text for aspect in aspects if aspect.kind != ALSO))
