"""Write instructions, and texts for further tasks, by a language model. It sees no image.

As in MegaPairs (arXiv 2412.14475, appendix A): the model reads a description, whoever wrote it, and
demonstrations that are drawn for each pair. Knows no server and no cache.
"""

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from pairmill.adapters.chat.asking import Asker
from pairmill.adapters.chat.questions import Question, draw_seed, say
from pairmill.config import InstructingConfig
from pairmill.core.errors import RejectError
from pairmill.core.prompting.demonstrations import INSTRUCT, Texts
from pairmill.core.prompting.instruct import (
    InstructOptions,
    ask_to_write,
    check_texts,
    instruct_version,
    schema_of,
    texts_of,
)
from pairmill.core.prompting.tasks import asks_of, write_up
from pairmill.core.records import Description
from pairmill.core.synthesis import COMPOSED, RawAnswer, Written, instructions_of

STAGE = "instruct"

Texted = tuple[Written, ...]
"""All that was written for one pair."""
About = tuple["_Sheet", str, str]
"""A pair's sheet, what was asked for, and the language."""


@dataclass
class _Sheet:
    """What was written for one description so far. left: questions without an outcome."""

    description: Description
    left: int
    found: dict[str, dict[str, Texts]] = field(default_factory=dict)
    error: RejectError | None = None


class ChatInstructor:
    """The instructor that has a model write."""

    def __init__(self, asker: Asker, config: InstructingConfig, seed: int) -> None:
        self._asker = asker
        self._config = config
        self._options = InstructOptions(
            per_pair=config.per_pair,
            max_chars=config.max_chars,
            num_demonstrations=config.demonstrations,
            shows=config.shows,
            seed=seed,
            pool=config.pool,
            num_sets=config.demonstration_sets,
        )

    @cached_property
    def author(self) -> str:
        """The model's name and the prompts' versions."""
        versions = [
            instruct_version(ask, language, self._options.folder(language))
            for ask, language in self._asks
        ]
        return f"{self._asker.model} by {', '.join(versions)}"

    def instruct(self, descriptions: Sequence[Description]) -> list[tuple[str, ...] | RejectError]:
        """Return one outcome for each description, in order: the instructions in all languages.

        Rejected: `nothing_to_name` where the target has nothing of its own; else what `Asker.ask`
        names, where no language's instructions could be had.
        """
        found = {id(one): outcome for one, outcome in self.each(descriptions)}
        return [instructions_of(found[id(description)]) for description in descriptions]

    def each(
        self, descriptions: Iterable[Description]
    ) -> Generator[tuple[Description, Texted | RejectError]]:
        """Yield each description with what was written for it, of all tasks, as they come.

        What is missing of a further task or language takes nothing else with it: the raw answers
        tell. `descriptions` may be endless: it is read only as far ahead as keeps the model busy.
        """
        silent: list[Description] = []
        for (sheet, ask, language), value in self._asker.ask(self._questions(descriptions, silent)):
            yield from _rejected(silent)
            sheet.left -= 1
            if not isinstance(value, RejectError):
                sheet.found.setdefault(language, {})[ask] = texts_of(value)
            elif ask == INSTRUCT:
                sheet.error = value
            if not sheet.left:
                yield sheet.description, self._written(sheet)
        yield from _rejected(silent)

    def take_raw(self) -> tuple[RawAnswer, ...]:
        """Return the answers since the last call."""
        return self._asker.take_raw()

    @cached_property
    def _asks(self) -> tuple[tuple[str, str], ...]:
        return tuple(
            (ask, language)
            for language in self._config.languages
            for ask in asks_of(self._config.tasks)
        )

    def _questions(
        self, descriptions: Iterable[Description], silent: list[Description]
    ) -> Iterator[Question[About]]:
        """Yield all questions about each description; those without a difference go to `silent`."""
        for description in descriptions:
            if not description.only_target:
                silent.append(description)
                continue
            sheet = _Sheet(description, left=len(self._asks))
            for ask, language in self._asks:
                yield self._question(sheet, ask, language)

    def _question(self, sheet: _Sheet, ask: str, language: str) -> Question[About]:
        filled = ask_to_write(ask, language, sheet.description, self._options)
        pair_id = sheet.description.pair.pair_id
        return Question(
            about=(sheet, ask, language),
            stage=STAGE,
            record_id=pair_id,
            prompt_version=filled.version,
            said=say(filled, self._config.asking.prompt_style),
            schema=schema_of(ask, self._options),
            asking=self._config.asking,
            seed=draw_seed(self._options.seed, STAGE, ask, language, pair_id),
            check=check_texts,
        )

    def _written(self, sheet: _Sheet) -> Texted | RejectError:
        pair_id, seed = sheet.description.pair.pair_id, self._options.seed
        written = tuple(
            one
            for language in self._config.languages
            for task in self._config.tasks
            for one in write_up(
                task, language, sheet.found.get(language, {}), pair_id=pair_id, seed=seed
            )
        )
        if any(one.task == COMPOSED for one in written):
            return written
        assert sheet.error, "every question has an outcome"
        return sheet.error


def _rejected(silent: list[Description]) -> Iterator[tuple[Description, RejectError]]:
    while silent:
        told = RejectError("nothing_to_name", "the target has nothing that the query lacks")
        yield silent.pop(), told
