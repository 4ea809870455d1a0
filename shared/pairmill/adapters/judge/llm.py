"""Judge by a multimodal model that sees the query image and one candidate at a time.

Knows the questions' machinery and image records; knows no server and no cache. The candidates of a
pair are asked about one by one, so that none is judged by comparison with another, and each with
all instructions at once, since pictures cost more than words.
"""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pairmill.adapters.chat.asking import Asker
from pairmill.adapters.chat.questions import Question, draw_seed, say
from pairmill.adapters.chat.showing import Pictures, show
from pairmill.config.gating import JudgingConfig
from pairmill.core.errors import RejectError
from pairmill.core.gating.judging import Trial, Verdict
from pairmill.core.prompting.judge import (
    ask_to_judge,
    check_verdicts,
    judge_schema,
    judge_version,
    scores_of,
)
from pairmill.core.records import ImageRecord
from pairmill.core.synthesis import RawAnswer

STAGE = "judge"


@dataclass(frozen=True)
class _Sheet:
    """A trial and what was found of its candidates so far."""

    trial: Trial
    found: dict[str, Verdict] = field(default_factory=dict)


About = tuple[_Sheet, str]
"""A trial and a candidate's id."""


class ChatJudge:
    """The judge that looks.

    images: the records of whatever may come in a trial; KeyError for one that is missing.
    pictures: returns an image's bytes.
    """

    def __init__(
        self,
        asker: Asker,
        images: Mapping[str, ImageRecord],
        pictures: Pictures,
        config: JudgingConfig,
        seed: int,
    ) -> None:
        self._asker = asker
        self._images, self._pictures = images, pictures
        self._config, self._seed = config, seed

    @property
    def author(self) -> str:
        """The model's name and the prompt's version."""
        return f"{self._asker.model} by {judge_version()}"

    def judge(self, trials: Sequence[Trial]) -> list[tuple[Verdict, ...]]:
        """Return the verdicts of each trial, in order. Faults: the rules of `Asker.ask`."""
        found = {id(trial): verdicts for trial, verdicts in self.each(trials)}
        return [found[id(trial)] for trial in trials]

    def each(self, trials: Iterable[Trial]) -> Generator[tuple[Trial, tuple[Verdict, ...]]]:
        """Yield each trial with its verdicts, as its last one comes. `trials` may be endless."""
        for (sheet, image_id), outcome in self._asker.ask(self._questions(trials)):
            sheet.found[image_id] = _verdict(image_id, outcome)
            candidates = sheet.trial.candidates
            if len(sheet.found) == len(candidates):
                yield sheet.trial, tuple(sheet.found[candidate] for candidate in candidates)

    def take_raw(self) -> tuple[RawAnswer, ...]:
        """Return the answers since the last call."""
        return self._asker.take_raw()

    def _questions(self, trials: Iterable[Trial]) -> Iterator[Question[About]]:
        for trial in trials:
            sheet = _Sheet(trial)
            for image_id in trial.candidates:
                yield self._question((sheet, image_id), trial)

    def _question(self, about: About, trial: Trial) -> Question[About]:
        query, candidate = self._images[trial.query_id], self._images[about[1]]
        filled = ask_to_judge(query, candidate, trial.instructions,
                              captions=self._config.captions)  # fmt: skip
        pictures = {
            name: show(image, self._pictures, self._config.max_pixels)
            for name, image in (("query", query), ("candidate", candidate))
        }
        return Question(
            about=about,
            stage=STAGE,
            record_id=trial.pair_id,
            prompt_version=filled.version,
            said=say(filled, self._config.asking.prompt_style, pictures),
            schema=judge_schema(len(trial.instructions)),
            asking=self._config.asking,
            seed=draw_seed(self._seed, STAGE, trial.pair_id, about[1]),
            check=check_verdicts,
        )


def _verdict(image_id: str, outcome: object) -> Verdict:
    if isinstance(outcome, RejectError):
        return Verdict(image_id=image_id, fault=f"{outcome.rule}: {outcome.value}")
    assert isinstance(outcome, dict)
    return Verdict(image_id=image_id, scores=scores_of(outcome))
