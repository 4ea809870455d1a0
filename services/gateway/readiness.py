"""Whether calls can be answered, looked at in the background. Knows neither store nor protocol."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from pairmill.telemetry import event


class Readiness:
    """Ready while a check passes; probes are answered from what the last one found.

    Args:
        check: raises what is wrong; runs off the event loop.
        seconds: between two checks, and how long one may take.
    """

    def __init__(self, check: Callable[[], None], seconds: float = 5.0) -> None:
        self._check, self._seconds = check, seconds
        self._ready, self._told = False, ""

    def __call__(self) -> bool:
        """Say whether the last check passed."""
        return self._ready

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Check again and again while the block runs."""
        looking = asyncio.create_task(self._look())
        try:
            yield
        finally:
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking

    async def _look(self) -> None:
        while True:
            wrong = await self._find()
            self._ready = not wrong
            if wrong != self._told:
                self._told = wrong
                level = logging.WARNING if wrong else logging.INFO
                event("not ready" if wrong else "ready", level=level, why=wrong)
            await asyncio.sleep(self._seconds)

    async def _find(self) -> str:
        try:
            await asyncio.wait_for(asyncio.to_thread(self._check), self._seconds)
        except Exception as error:  # whatever it is, calls cannot be answered, and others must know
            return f"{type(error).__name__}: {str(error) or 'no answer in time'}"
        return ""
