"""A gate before a server: shut while the server is away, with one probe at a time going through.

Knows faults and time; knows no question and no HTTP. A gate that never heard of its server begins
shut, with the first probe let through at once: a server may be loading its model for half an hour,
and nothing is asked of it in heaps before it is known to take what it is asked.
"""

import asyncio
import logging
import random
import time

from pairmill.adapters.chat.openai_faults import Fault
from pairmill.config.chat import ChatConfig
from pairmill.core.errors import RetryError
from pairmill.telemetry import event

IN_A_ROW = 8
"""Faults without an answer between them that shut the gate; fewer where fewer are under way."""
LONGEST = 16
"""Times `probe_seconds` between two probes."""


class Gate:
    """Lets questions through. All calls come from one event loop."""

    def __init__(self, config: ChatConfig, where: str, *, heard: bool = False) -> None:
        self._config, self._where = config, where
        self._limit = min(IN_A_ROW, config.concurrency)
        self._faults = 0
        self._since: float | None = None
        self.known = heard
        """Whether the server ever answered."""
        self._shut, self._probing = not heard, False
        self._pause, self._next = 0.0, 0.0
        self._reason = "it was not heard yet"
        self._changed = asyncio.Event()

    async def admit(self) -> bool:
        """Return as soon as something may be sent, and whether that is a probe.

        Raises RetryError once the server was away for longer than the configuration's patience.
        """
        while self._shut:
            now = time.monotonic()
            self._since = self._since or now
            left = self._since + self._config.patience_seconds - now
            if left <= 0 and self._faults:
                raise self._out_of_patience()
            if not self._probing and now >= self._next:
                self._probing = True
                return True
            await self._change(None if self._probing else min(self._next - now, max(left, 0.0)))
        return False

    def heard(self) -> None:
        """Note that the server answered something: the gate opens."""
        if self._shut:
            self._open()
        self._faults, self.known = 0, True

    def _open(self) -> None:
        if self._faults:
            away = round(time.monotonic() - (self._since or 0.0), 1)
            event("the chat server is back", server=self._where, seconds=away)
        self._since, self._pause = None, 0.0
        self._shut = self._probing = False
        self._wake()

    def failed(self, fault: Fault, *, probe: bool) -> None:
        """Note a fault: a probe's, or one of several in a row, shuts the gate for a while."""
        self._faults += 1
        self._reason = fault.reason
        if not self._shut and self._faults < self._limit:
            return
        now = time.monotonic()
        if probe or not self._shut:
            self._wait_longer(now)
            event("the chat server is away", level=logging.WARNING, server=self._where,
                  reason=fault.reason, seconds=round(now - (self._since or now), 1))  # fmt: skip
        self._shut, self._since = True, self._since or now
        self._next = max(self._next, now + fault.wait)
        self._probing = self._probing and not probe
        self._wake()

    def _wait_longer(self, now: float) -> None:
        first = self._config.probe_seconds
        self._pause = min(2 * self._pause or first, LONGEST * first)
        self._next = now + self._pause * random.uniform(0.5, 1.0)

    def _out_of_patience(self) -> RetryError:
        return RetryError(
            f"{self._where}: no answer for {self._config.patience_seconds:g} s ({self._reason}): "
            "check that the server runs and that chat.base_url is its address, or raise "
            "chat.patience_seconds; what was answered is kept"
        )

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _change(self, seconds: float | None) -> None:
        try:
            await asyncio.wait_for(self._changed.wait(), seconds)
        except TimeoutError:
            return
