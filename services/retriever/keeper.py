"""Keep the generation that serves: follow the alias and the items, and prove that it answers.

Knows generations; knows no request. A new generation is whole and proved before it serves, and a
query that has begun ends in the one in which it began.
"""

import asyncio
import io
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import grpc
import numpy as np
from PIL import Image

from pairmill.core.errors import PairmillError, RetryError
from pairmill.server import CallError
from pairmill.settings import RetrieverSettings
from pairmill.telemetry import event
from pairmill.wiring import Stores
from services.retriever.choice import Choice, choose
from services.retriever.crew import Crew
from services.retriever.gallery import Change, Query
from services.retriever.generation import Generation, Loader
from services.retriever.item_file import Item
from services.retriever.item_log import row_of
from services.retriever.limits import CANARIES_MISSED

APPLIED_AT_ONCE = 256
"""Changes between which searches have their turn."""
CANARY_TEXT = "the same in red"


class Keeper:
    """Holds the current generation, or None while nothing is published."""

    def __init__(self, stores: Stores, settings: RetrieverSettings) -> None:
        self.crew = Crew()
        self.settings = settings
        self.current: Generation | None = None
        self._stores = stores
        self._loader = Loader(stores, settings, self.crew)
        self._recent: list[tuple[str, Item | None, Change]] | None = None
        self._proved = float("-inf")
        self._said = ""
        self._canary = _canary()

    def ready(self) -> bool:
        """Say whether a composed query has lately gone through the model."""
        since = time.monotonic() - self._proved
        return self.current is not None and since < self.settings.canary_seconds * CANARIES_MISSED

    def serving(self) -> Generation:
        """Return what serves; CallError while nothing does."""
        if self.current is None:
            raise CallError(
                grpc.StatusCode.UNAVAILABLE, "NOT_READY",
                f"no model is published under the alias {self.settings.alias!r} yet, or it is "
                "still being loaded: try again later",
                retry_seconds=min(5.0, self.settings.refresh_seconds),
            )  # fmt: skip
        return self.current

    @asynccontextmanager
    async def keeping(self) -> AsyncIterator[None]:
        """Follow alias and items, and send canaries, while the block runs."""
        tasks = [asyncio.create_task(self._follow()), asyncio.create_task(self._prove_often())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            await asyncio.to_thread(self.crew.close)

    async def put(self, generation: Generation, item: Item) -> None:
        """Make an item durable, then let it be found by every query from now on."""
        generation.embedder.embed(item.features)  # what cannot be embedded is not kept
        known = await self.crew.gallery(generation.gallery.keys.get, row_of(item.item_id), "")
        key = await self.crew.store(generation.log.put, item, known)
        await self.crew.gallery(self._take, generation, item, Change(row="", key=key))

    async def delete(self, generation: Generation, item_id: str) -> bool:
        """Delete an item durably, then let no query find it; say whether one found it before."""
        held = await self.crew.gallery(generation.gallery.holds, item_id)
        indexed = item_id in generation.gallery.indexed
        key = await self.crew.store(lambda: generation.log.delete(item_id, indexed=indexed))
        await self.crew.gallery(self._take, generation, None, Change(row=row_of(item_id), key=key))
        return held

    def _take(self, generation: Generation, item: Item | None, change: Change) -> None:
        """Apply a change of this replica's own to what serves now, and to what is being built."""
        home = generation.log.home
        if self._recent is not None:
            self._recent.append((home, item, change))
        if self.current is not None and self.current.log.home == home:
            self._apply_own(self.current, item, change)

    def _apply_own(self, generation: Generation, item: Item | None, change: Change) -> None:
        """The generation may have other towers than the one that the item came to."""
        if item is None:
            generation.gallery.apply(change)
        elif change.key > generation.gallery.keys.get(row_of(item.item_id), ""):
            item = self._loader.fitted(generation, item)
            generation.gallery.apply(generation.change(item, change.key))

    async def _follow(self) -> None:
        while True:
            try:
                await self._look()
                self._said = ""
            except Exception as error:
                self._tell(error)
            await asyncio.sleep(self.settings.refresh_seconds)

    async def _look(self) -> None:
        choice = await self.crew.store(choose, self._stores.objects, self.settings)
        if choice is None:
            return
        if self.current is None or self.current.choice != choice:
            await self._renew(choice)
        else:
            await self._sync(self.current)

    async def _renew(self, choice: Choice) -> None:
        start = time.monotonic()
        self._recent = []
        try:
            new = await self.crew.store(self._loader.load, choice)
            await self._prove(new)
            await self.crew.gallery(self._swap, new)
        finally:
            self._recent = None
        event("model loaded", model=choice.model, version=choice.version, run=choice.run,
              gallery=new.name, num_items=len(new.gallery),
              seconds=round(time.monotonic() - start, 3))  # fmt: skip

    def _swap(self, new: Generation) -> None:
        for home, item, change in self._recent or ():
            if home == new.log.home:
                self._apply_own(new, item, change)
        self.current = new

    async def _sync(self, current: Generation) -> None:
        """Take in what other replicas have written."""
        known = await self.crew.gallery(lambda: dict(current.gallery.keys))
        changes = await self.crew.store(self._loader.changes, current, known)
        for start in range(0, len(changes), APPLIED_AT_ONCE):
            part = changes[start : start + APPLIED_AT_ONCE]
            await self.crew.gallery(lambda some: [current.gallery.apply(c) for c in some], part)

    async def _prove(self, generation: Generation) -> None:
        """Send a composed query through decoder, model and gallery."""
        embedder = generation.embedder
        pixels = await self.crew.decode(embedder.pixels, self._canary)
        vector_D, _ = await self.crew.encode(embedder.ask, pixels, CANARY_TEXT)
        await self.crew.gallery(generation.gallery.search, Query(vector_D=vector_D, k=1))
        self._proved = time.monotonic()

    async def _prove_often(self) -> None:
        while True:
            await asyncio.sleep(self.settings.canary_seconds)
            if self.current is not None:
                try:
                    await self._prove(self.current)
                except Exception as error:
                    self._tell(error)

    def _tell(self, error: Exception) -> None:
        """Log a fault once, not at every look."""
        told = str(error) if isinstance(error, PairmillError) else repr(error)
        if told != self._said:
            level = logging.INFO if isinstance(error, RetryError) else logging.WARNING
            event("refresh failed", level=level, error=told, serving=self.current is not None)
        self._said = told


def _canary() -> bytes:
    ramp = np.linspace(0, 255, 64, dtype=np.uint8)
    pixels = np.stack([np.tile(ramp, (64, 1))] * 3, axis=2)
    pixels[16:48, 16:48] = (200, 30, 30)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()
