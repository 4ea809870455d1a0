"""Workers that keep a server busy with questions, and take each to its one outcome.

Knows attempts and pauses; knows neither HTTP nor who asks. All of it lives in one event loop.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import aiohttp

from pairmill.adapters.chat.openai_calls import Calls
from pairmill.adapters.chat.openai_faults import Fault, Refusal
from pairmill.adapters.chat.openai_formats import Formats
from pairmill.adapters.chat.openai_gate import Gate
from pairmill.adapters.chat.openai_messages import REFUSED
from pairmill.core.errors import RejectError
from pairmill.ports.chat import Answer, Ask
from pairmill.telemetry import event

NO_ANSWER = "no_answer"
"""Rule of a reject: all attempts failed."""
LONGEST = 60
"""Times `backoff_seconds` before a further attempt."""
SUSPICIOUS = 32
"""Refusals without a single answer after which the log says so."""

Outcome = tuple[Ask, Answer | RejectError]


@dataclass
class Question:
    """A question on its way: how often it was sent, and what of that counts against it."""

    ask: Ask
    requests: int = 0
    spent: int = 0
    since: float = 0.0
    """When it first failed by no fault of its own."""


class Crew:
    """Asks what is put into `line`, `concurrency` questions at once, and hands outcomes on."""

    def __init__(self, calls: Calls, formats: Formats, give: Callable[[Outcome], None]) -> None:
        self._calls, self._formats, self._give = calls, formats, give
        self._config = calls.config
        self._refusals = 0
        self.line = asyncio.Queue[Question]()

    async def work(self, gate: Gate, stop: asyncio.Event) -> None:
        """Work until told to stop. Raises what `Gate.admit` and `Calls.ask` raise."""
        async with self._calls.session() as session:
            workers = [asyncio.create_task(self._worker(session, gate))
                       for _ in range(self._config.concurrency)]  # fmt: skip
            tasks = [asyncio.create_task(stop.wait()), *workers]
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _worker(self, session: aiohttp.ClientSession, gate: Gate) -> None:
        while True:
            question = await self.line.get()
            probe = await gate.admit()
            question.requests += 1
            began = time.monotonic()
            formatted = self._formats.asked_of(question.ask)
            told = await self._calls.ask(session, question.ask, formatted=formatted)
            if isinstance(told, Fault):
                gate.failed(told, probe=probe)
                self._again(question, told, self._counts(question, told, probe, gate.known))
                continue
            gate.heard()
            if isinstance(told, Refusal):
                self._refused(question, told, formatted)
                continue
            if formatted:
                self._formats.taken(question.ask)
            self._refusals = -1  # answers come, so refusals are of questions
            self._end(question, told, time.monotonic() - began)

    def _end(self, question: Question, told: Answer | RejectError, seconds: float) -> None:
        if isinstance(told, Answer):
            told = replace(told, requests=question.requests, seconds=seconds)
        self._give((question.ask, told))

    def _again(self, question: Question, fault: Fault, counts: bool) -> None:
        """Put a question back into the line for later, or end it where it was tried enough."""
        question.spent += counts
        if question.spent >= self._config.attempts:
            self._give((question.ask, RejectError(NO_ANSWER, fault.reason)))
            return
        longest = LONGEST * self._config.backoff_seconds
        pause = min(self._config.backoff_seconds * 2.0 ** min(question.requests - 1, 32), longest)
        told = min(fault.wait, self._config.patience_seconds)
        pause = max(pause * random.uniform(0.5, 1.0), told)
        asyncio.get_running_loop().call_later(pause, self.line.put_nowait, question)

    def _counts(self, question: Question, fault: Fault, probe: bool, known: bool) -> bool:
        """Return whether a fault counts against the question; see openai_faults."""
        if fault.kind == "busy":
            now = time.monotonic()
            question.since = question.since or now
            return now - question.since > 2 * self._config.patience_seconds  # the gate is first
        forgiven = {"unreached": True, "away": probe, "cut": probe and not known, "broken": False}
        return not forgiven[fault.kind]

    def _refused(self, question: Question, told: Refusal, formatted: bool) -> None:
        if formatted and told.of_format and self._formats.given_up(question.ask, told.reason):
            self.line.put_nowait(question)
            return
        self._give((question.ask, RejectError(REFUSED, told.reason)))
        self._refusals += self._refusals >= 0
        if self._refusals == SUSPICIOUS:
            event("the chat server refuses every question so far", level=logging.WARNING,
                  server=self._calls.server.where, reason=told.reason)  # fmt: skip
