"""The threads that do the work, so that the event loop only waits. Knows no work.

Decoding runs on two threads; encoding on one, because a model shares nothing with itself; whatever
reads or changes the gallery in memory on one, so that it needs no lock; the object store on four.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Done = TypeVar("Done")


class Crew:
    """Four pools. A caller who leaves before its turn is never served."""

    def __init__(self) -> None:
        self._decode = ThreadPoolExecutor(2, "decode")
        self._encode = ThreadPoolExecutor(1, "encode")
        self._gallery = ThreadPoolExecutor(1, "gallery")
        self._store = ThreadPoolExecutor(4, "store")

    async def decode(self, work: Callable[..., Done], *given: Any) -> Done:
        """Do it on a thread that decodes images."""
        return await self._on(self._decode, work, *given)

    async def encode(self, work: Callable[..., Done], *given: Any) -> tuple[Done, float]:
        """Do it on the thread that runs the model; return how many seconds it waited, too."""
        asked = time.monotonic()

        def turn() -> tuple[Done, float]:
            waited = time.monotonic() - asked
            return work(*given), waited

        return await self._on(self._encode, turn)

    def encode_from_thread(self, work: Callable[..., Done], *given: Any) -> Done:
        """Do it on the thread that runs the model, for a thread that can wait."""
        return self._encode.submit(work, *given).result()

    async def gallery(self, work: Callable[..., Done], *given: Any) -> Done:
        """Do it on the thread that searches and changes galleries."""
        return await self._on(self._gallery, work, *given)

    async def store(self, work: Callable[..., Done], *given: Any) -> Done:
        """Do it on a thread that waits for the object store."""
        return await self._on(self._store, work, *given)

    def close(self) -> None:
        """Wait for what is being done, and end."""
        for pool in (self._decode, self._encode, self._gallery, self._store):
            pool.shutdown(cancel_futures=True)

    @staticmethod
    async def _on(pool: ThreadPoolExecutor, work: Callable[..., Done], *given: Any) -> Done:
        return await asyncio.get_running_loop().run_in_executor(pool, work, *given)
