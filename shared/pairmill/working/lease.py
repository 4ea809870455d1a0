"""Hold a claim while a task is under way, and say when to let it go. Knows no stage and no store.

A thread renews the claim as long as the process lives and its stage moves, so that a slow step is
not taken for a dead worker, and a hanging one is.
"""

import threading
import time
from collections.abc import Callable

from pairmill.core.errors import RetryError
from pairmill.pipeline.progress import Progress

STALLED_SECONDS = 3600.0
"""A stage that tells of no record for so long is taken to hang: its claim runs out."""


class Drained(BaseException):
    """The process was told to end: give the task back, uncounted."""


class LeaseLostError(Exception):
    """Somebody else holds the task, or its run has ended: stop working on it."""


class Lease:
    """The progress of one task, and its claim, renewed in the background.

    inner: who else wants to hear. keep: renews the claim; False once it is lost. seconds: how long
    a claim holds. stop: once set, the next sign of progress raises Drained.
    """

    def __init__(
        self,
        inner: Progress,
        keep: Callable[[], bool],
        seconds: float,
        stop: threading.Event,
    ) -> None:
        self._inner, self._keep, self._pause, self._stop = inner, keep, seconds / 4, stop
        self._ended, self._lost = threading.Event(), False
        self._moved = time.monotonic()
        self._thread = threading.Thread(target=self._hold, name="lease", daemon=True)

    def __enter__(self) -> "Lease":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def advance(self, count: int = 1) -> None:
        """Tell the listener; raise where the work must end here."""
        self._inner.advance(count)
        self._check()

    def total(self, count: int) -> None:
        """Tell the listener; raise where the work must end here."""
        self._inner.total(count)
        self._check()

    def _check(self) -> None:
        self._moved = time.monotonic()
        if self._stop.is_set():
            raise Drained
        if self._lost:
            raise LeaseLostError("the claim was lost to another worker, or the run has ended")

    def _hold(self) -> None:
        while not self._ended.wait(self._pause) and not self._lost:
            if time.monotonic() - self._moved > STALLED_SECONDS:
                return
            try:
                self._lost = not self._keep()
            except RetryError:
                continue  # the ledger is away; what was done is still worth a commit
