"""Write down what was asked and answered: raw answers, and sums by stage. Asks nothing."""

from dataclasses import dataclass, replace
from typing import Any, Generic

from pairmill.adapters.chat.questions import About, Question
from pairmill.core.errors import RejectError
from pairmill.core.synthesis import RawAnswer, Usage, sum_usage
from pairmill.ports.chat import Answer


@dataclass(frozen=True, kw_only=True)
class Heard(Generic[About]):
    """An answer and what was made of it. fault: its name, or empty. cached: it was kept.
    wall: seconds since the answer before it."""

    question: Question[About]
    digest: str
    answer: Answer
    fault: str
    fenced: bool
    is_repair: bool
    cached: bool
    wall: float = 0.0


class Books:
    """What one asker has asked of one model."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._raw: list[RawAnswer] = []
        self._sums: dict[str, Usage] = {}

    def answered(self, heard: Heard[Any]) -> Usage:
        """Note an answer, and what was made of it; return what it used. Tokens and time of the
        cache cost nothing."""
        question, answer = heard.question, heard.answer
        used = Usage(
            stage=question.stage, model=self._model, repairs=int(heard.is_repair),
            faulty=int(bool(heard.fault)), fenced=int(heard.fenced and not heard.fault),
            cached=int(heard.cached),
        )  # fmt: skip
        if not heard.cached:
            used = replace(
                used, answers=1, requests=answer.requests, prompt_tokens=answer.tokens.prompt,
                completion_tokens=answer.tokens.completion, seconds=answer.seconds,
                wall_seconds=heard.wall,
            )  # fmt: skip
        self._keep_raw(heard)
        return self._note(used)

    def _keep_raw(self, heard: Heard[Any]) -> None:
        question, answer = heard.question, heard.answer
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

    def ended(self, question: Question[Any], *, rejected: bool = False) -> Usage:
        """Note that a question has its outcome; return that as a usage."""
        return self._note(
            Usage(stage=question.stage, model=self._model, questions=1, rejected=int(rejected))
        )

    def usage(self) -> tuple[Usage, ...]:
        """Return the sums by stage."""
        return sum_usage(self._sums.values())

    def take_raw(self) -> tuple[RawAnswer, ...]:
        """Return the answers since the last call, by stage, record, prompt and digest."""
        taken, self._raw = self._raw, []
        return tuple(sorted(
            taken, key=lambda raw: (raw.stage, raw.record_id, raw.prompt_version, raw.ask_digest)
        ))  # fmt: skip

    def _note(self, used: Usage) -> Usage:
        stage = used.stage
        self._sums[stage] = self._sums[stage].plus(used) if stage in self._sums else used
        return used
