"""Judge by a multimodal model that sees the query image and one candidate at a time.

Knows the questions' machinery and image records; knows no server and no cache. The candidates of a
pair are asked about one by one, so that none is judged by comparison with another, and each with
all instructions at once, since pictures cost more than words.
"""

from collections.abc import Iterator, Mapping, Sequence

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

STAGE = "judge"
About = tuple[int, str]
"""A trial's row and a candidate's id."""


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
        found = dict(self._asker.ask(self._questions(trials)))
        return [
            tuple(_verdict(image_id, found[row, image_id]) for image_id in trial.candidates)
            for row, trial in enumerate(trials)
        ]

    def _questions(self, trials: Sequence[Trial]) -> Iterator[Question[About]]:
        for row, trial in enumerate(trials):
            for image_id in trial.candidates:
                yield self._question((row, image_id), trial)

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
