"""Ask a model questions that want JSON: from the cache, strictly parsed, asked again when faulty.

Knows the chat port, the cache and schemas; knows no prompt and nothing of what is asked about.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Any

from pairmill.adapters.chat.counting import Books, Heard
from pairmill.adapters.chat.flowing import Attempt, Flow, Outcome
from pairmill.adapters.chat.keeping import KeptAnswers
from pairmill.adapters.chat.questions import About, Question
from pairmill.adapters.chat.repairing import asked_again
from pairmill.core.answers import Fault, Parsed, parse_answer
from pairmill.core.errors import RejectError
from pairmill.core.synthesis import RawAnswer, Usage
from pairmill.pipeline.spending import Spending
from pairmill.ports.chat import Answer, Ask, Chat
from pairmill.ports.objects import ObjectStore

READY = 1024
"""Outcomes out of the cache that wait, at most, while a model is busy with others."""


class Asker:
    """Takes questions to their values; one for each stage and model, used by one thread."""

    def __init__(
        self, chat: Chat, answers: ObjectStore | None, *, variant: str = "",
        spending: Spending | None = None,
    ) -> None:  # fmt: skip
        """answers: where they are kept, None to keep none. variant: names whatever else decides
        the answers, such as options of the chat template. spending: the run's books, and its
        budget."""
        self._chat = chat
        self._spending = spending or Spending()
        self._name = f"{chat.model} {variant}".strip()
        self._kept = KeptAnswers(answers)
        self._books = Books(chat.model)
        self._num_asks = 0

    @property
    def model(self) -> str:
        """The model's name."""
        return self._chat.model

    def usage(self) -> tuple[Usage, ...]:
        """Return what was asked so far, by stage."""
        return self._books.usage()

    def take_raw(self) -> tuple[RawAnswer, ...]:
        """Return the answers since the last call as they came, in an order of their own: by stage,
        record, prompt and digest."""
        return self._books.take_raw()

    def ask(self, questions: Iterable[Question[About]]) -> Iterator[Outcome[About]]:
        """Yield one outcome for each question, as they come: a value that fits, or a RejectError.

        `questions` may be endless and is read as the chat port reads. Rejects: `bad_answer`, with
        the last fault, when no repair helped; those of the port and of a picture's `load`.
        Raises what the port raises, and BudgetError; what was answered until then is kept.
        """
        try:
            yield from self._flowing(Flow(iter(questions)))
        finally:
            self._spending.flush()

    def _flowing(self, flow: Flow[About]) -> Iterator[Outcome[About]]:
        while flow.is_open or flow.again:
            asks = self._asks(flow)
            first = next(asks, None)  # an answer from the cache needs no server
            if first is None and flow.halted:
                raise self._spending.stop()
            if first is not None:
                flow.heard = time.monotonic()
                for ask, outcome in self._chat.answer(chain([first], asks)):
                    self._settle(flow, flow.asked.pop(ask.ask_id), outcome)
                    yield from flow.take()
                assert not flow.asked, f"no outcome for {sorted(flow.asked)[:3]}"
            yield from flow.take()

    def in_order(self, questions: Iterable[Question[int]]) -> list[Any | RejectError]:
        """Return the outcomes of questions that are numbered from 0, in that order."""
        found = dict(self.ask(questions))
        return [found[number] for number in range(len(found))]

    def _asks(self, flow: Flow[About]) -> Iterator[Ask]:
        """Yield what is to be asked now: repairs first. Ends early when too much is ready."""
        while len(flow.ready) < READY:
            attempt = flow.again.popleft() if flow.again else self._next(flow)
            if attempt is None:
                return
            kept = self._kept.find(attempt.digest)
            if kept is not None:
                self._answered(flow, attempt, kept, cached=True)
                continue
            if not self._spending.admits(attempt.now.stage, self.model, len(flow.asked)):
                flow.again.appendleft(attempt)
                return
            self._num_asks += 1
            try:
                ask = attempt.now.ask(f"{attempt.now.record_id}-{self._num_asks}")
            except RejectError as error:
                self._refused(flow, attempt, error)
                continue
            flow.asked[ask.ask_id] = attempt
            yield ask

    def _next(self, flow: Flow[About]) -> Attempt[About] | None:
        question = next(flow.source, None) if flow.is_open else None
        if question is None:
            flow.is_open = False
            return None
        return Attempt(first=question, now=question, digest=question.digest(self._name))

    def _settle(
        self, flow: Flow[About], attempt: Attempt[About], outcome: Answer | RejectError
    ) -> None:
        if isinstance(outcome, RejectError):
            self._refused(flow, attempt, outcome)
            return
        # a server's JSON may hold halves of surrogate pairs, which no file takes
        answer = replace(outcome, text=outcome.text.encode("utf-8", "replace").decode())
        self._kept.keep(attempt.digest, answer)
        now = time.monotonic()
        wall, flow.heard = now - flow.heard, now
        self._answered(flow, attempt, answer, wall=wall)

    def _answered(
        self, flow: Flow[About], attempt: Attempt[About], answer: Answer, *, wall: float = 0.0,
        cached: bool = False,
    ) -> None:  # fmt: skip
        question = attempt.now
        got = parse_answer(answer.text, question.schema, cut_off=answer.finish == "length")
        fenced = isinstance(got, Parsed) and got.fenced
        if isinstance(got, Parsed) and question.check:
            got = question.check(got.value) or got
        fault = got.name if isinstance(got, Fault) else ""
        used = self._books.answered(
            Heard(question=question, digest=attempt.digest, answer=answer, fault=fault,
                  fenced=fenced, is_repair=attempt.number > 0, cached=cached, wall=wall)
        )  # fmt: skip
        self._spending.note(used)
        if isinstance(got, Parsed):
            self._spending.note(self._books.ended(question))
            flow.ready.append((question.about, got.value))
        elif attempt.number < question.asking.repairs:
            flow.again.append(self._again(attempt, answer, got))
        else:
            self._spending.note(self._books.ended(question, rejected=True))
            error = RejectError("bad_answer", f"{got.name}: {got.detail}".removesuffix(": "))
            flow.ready.append((question.about, error))

    def _again(
        self, attempt: Attempt[About], answer: Answer, fault: Fault
    ) -> Attempt[About]:  # fmt: skip
        number = attempt.number + 1
        now = asked_again(attempt.first, answer.text, fault, number=number)
        digest = now.digest(self._name)
        return Attempt(first=attempt.first, now=now, digest=digest, number=number)

    def _refused(self, flow: Flow[About], attempt: Attempt[About], error: RejectError) -> None:
        self._books.refused(attempt.now, attempt.digest, error)
        self._spending.note(self._books.ended(attempt.now, rejected=True))
        flow.ready.append((attempt.now.about, error))
