"""Ask any OpenAI-compatible server, vLLM first, many questions at once.

Knows the line between the caller's thread and the thread that speaks to the server; the rest of it
lies beside: address, messages, faults, gate, calls, crew. Pairmill needs no `openai` package: one
endpoint is used, and retries, patience and limits are its own.
"""

import asyncio
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from queue import SimpleQueue
from types import TracebackType
from typing import Self

from pydantic import SecretStr

from pairmill.adapters.chat.openai_address import NO_KEY, server_at
from pairmill.adapters.chat.openai_calls import Calls
from pairmill.adapters.chat.openai_crew import Crew, Outcome, Question
from pairmill.adapters.chat.openai_formats import Formats
from pairmill.adapters.chat.openai_gate import Gate
from pairmill.config.chat import ChatConfig
from pairmill.core.errors import ConfigError
from pairmill.ports.chat import Answer, Ask

AHEAD = 2
"""Questions read, in `concurrency`: as many again as are under way, so that a slow caller, or one
question that waits for its next attempt, leaves no place at the server empty."""


class OpenAIChat:
    """A client of one server and model.

    It remembers whether the server was heard and which schemas it takes, so keep it for a whole
    run. Each call of `answer` has `concurrency` of its own.
    """

    def __init__(
        self, config: ChatConfig, *, base_url: str = "", api_key: SecretStr = NO_KEY
    ) -> None:
        """Open nothing yet. base_url: in place of the configuration's own.

        Raises ConfigError where address, key or model cannot be meant.
        """
        if not config.model:
            raise ConfigError(
                "chat.model: got none, wanted the name that the server serves its model by; GET "
                "/v1/models lists it"
            )
        server = server_at(base_url or config.base_url, api_key, insecure=config.insecure)
        self._calls = Calls(server, config)
        self._formats = Formats(config, server.where)
        self._heard = False

    @property
    def model(self) -> str:
        """The name under which the model is asked for."""
        return self._calls.config.model

    def answer(self, asks: Iterable[Ask]) -> Iterator[Outcome]:
        """Yield one outcome for each ask, in the order in which they come; see ports/chat.py.

        `asks` is read in the caller's thread, between two outcomes.
        """
        source, under_way = iter(asks), 0
        with _Line(self._calls, self._formats, heard=self._heard) as line:
            while True:
                while under_way < AHEAD * self._calls.config.concurrency:
                    ask = next(source, None)
                    if ask is None:
                        break
                    line.send(ask)
                    under_way += 1
                if not under_way:
                    return
                outcome = line.receive()
                under_way -= 1
                self._heard = self._heard or isinstance(outcome[1], Answer)
                yield outcome


class _Line:
    """A crew in a thread of its own; leaving the context ends it, whatever is under way."""

    def __init__(self, calls: Calls, formats: Formats, *, heard: bool) -> None:
        self._calls, self._formats, self._heard = calls, formats, heard
        self._outcomes = SimpleQueue[Outcome | BaseException]()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="chat", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def send(self, ask: Ask) -> None:
        """Put a question into the line."""
        with suppress(RuntimeError):  # the crew has ended; `receive` says why
            self._loop.call_soon_threadsafe(self._crew.line.put_nowait, Question(ask))

    def receive(self) -> Outcome:
        """Return the next outcome, or raise what ended the crew."""
        got = self._outcomes.get()
        if isinstance(got, BaseException):
            raise got
        return got

    def _run(self) -> None:
        try:
            asyncio.run(self._work())
        except BaseException as error:  # all of it is raised in the caller's thread
            self._outcomes.put(error)
        finally:
            self._ready.set()

    async def _work(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._crew = Crew(self._calls, self._formats, self._outcomes.put)
        gate = Gate(self._calls.config, self._calls.server.where, heard=self._heard)
        self._ready.set()
        await self._crew.work(gate, self._stop)
