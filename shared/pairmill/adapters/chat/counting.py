"""Write down what was asked and answered: raw answers, and sums by stage. Asks nothing."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Generic

from pairmill.adapters.chat.questions import About, Question
from pairmill.core.errors import RejectError
from pairmill.core.synthesis import RawAnswer, Usage
from pairmill.ports.chat import Answer

_WHOLE = (
    "questions", "answers", "cached", "repairs", "faulty", "fenced", "rejected", "requests",
    "prompt_tokens", "completion_tokens",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Heard(Generic[About]):
    """An answer and what was made of it. fault: its name, or empty. cached: it was kept."""

    question: Question[About]
    digest: str
    answer: Answer
    fault: str
    fenced: bool
    is_repair: bool
    cached: bool


class Books:
    """What one asker has asked of one model."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._raw: list[RawAnswer] = []
        self._sums: dict[str, Counter[str]] = {}
        self._seconds: dict[str, float] = {}

    def answered(self, heard: Heard[Any]) -> None:
        """Note an answer, and what was made of it. Tokens and time of the cache cost nothing."""
        question, answer = heard.question, heard.answer
        self._note(
            question.stage, repairs=heard.is_repair, faulty=bool(heard.fault),
            fenced=heard.fenced and not heard.fault, cached=heard.cached,
        )  # fmt: skip
        if not heard.cached:
            self._note(
                question.stage, answers=1, requests=answer.requests,
                prompt_tokens=answer.tokens.prompt, completion_tokens=answer.tokens.completion,
            )  # fmt: skip
            self._seconds[question.stage] = self._seconds.get(question.stage, 0.0) + answer.seconds
        self._raw.append(
            RawAnswer(
                ask_digest=heard.digest, stage=question.stage, record_id=question.record_id,
                model=answer.model, prompt_version=question.prompt_version, seed=question.seed,
                text=answer.text, parsed_ok=not heard.fault, fault=heard.fault,
                prompt_tokens=answer.tokens.prompt, completion_tokens=answer.tokens.completion,
                requests=answer.requests, seconds=answer.seconds,
            )
        )  # fmt: skip

    def refused(self, question: Question[Any], digest: str, error: RejectError) -> None:
        """Note a question that was not answered at all."""
        self._raw.append(
            RawAnswer(
                ask_digest=digest, stage=question.stage, record_id=question.record_id,
                model=self._model, prompt_version=question.prompt_version, seed=question.seed,
                text="", parsed_ok=False, fault=error.rule, requests=0,
            )
        )  # fmt: skip

    def ended(self, question: Question[Any], *, rejected: bool = False) -> None:
        """Note that a question has its outcome."""
        self._note(question.stage, questions=1, rejected=rejected)

    def usage(self) -> tuple[Usage, ...]:
        """Return the sums by stage."""
        return tuple(
            Usage(
                stage=stage, model=self._model, seconds=self._seconds.get(stage, 0.0),
                **{name: sums[name] for name in _WHOLE},
            )
            for stage, sums in sorted(self._sums.items())
        )  # fmt: skip

    def take_raw(self) -> tuple[RawAnswer, ...]:
        """Return the answers since the last call, by stage, record, prompt and digest."""
        taken, self._raw = self._raw, []
        return tuple(sorted(
            taken, key=lambda raw: (raw.stage, raw.record_id, raw.prompt_version, raw.ask_digest)
        ))  # fmt: skip

    def _note(self, stage: str, **counts: int) -> None:
        self._sums.setdefault(stage, Counter()).update(counts)
