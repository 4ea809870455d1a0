"""Load what an alias names as one whole: checkpoint, towers, index and items. Knows no request."""

import logging
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property

from pairmill.core.errors import FormatError, PairmillError
from pairmill.core.ids import sha256_hex
from pairmill.pipeline.graph import Graph
from pairmill.pipeline.runs import load_run
from pairmill.ports.objects import ObjectStore
from pairmill.ports.vectors import VectorStore
from pairmill.settings import RetrieverSettings
from pairmill.telemetry import event
from pairmill.wiring import Ports, Stores
from services.retriever.choice import Choice
from services.retriever.crew import Crew
from services.retriever.embedding import Embedder
from services.retriever.gallery import Change, Gallery
from services.retriever.index import read_index
from services.retriever.item_file import Item
from services.retriever.item_log import GONE, ItemLog, row_of

READERS = 16
"""Items read at once: each is one short wait for the object store."""


@dataclass(frozen=True, kw_only=True)
class Generation:
    """A checkpoint with its gallery: what a query meets is all of one generation.

    source: holds the images that were ingested by reference.
    """

    choice: Choice
    name: str
    embedder: Embedder
    gallery: Gallery
    log: ItemLog
    source: ObjectStore

    def change(self, item: Item, key: str, expected: str | None = None) -> Change:
        """Return the change that puts an item under this generation's embedding of it."""
        return Change(
            row=row_of(item.item_id), key=key, item_id=item.item_id, caption=item.caption,
            content=item.content, vector_D=self.embedder.embed(item.features), expected=expected,
        )  # fmt: skip


@dataclass(frozen=True)
class Loader:
    """Makes generations, and finds out what has changed in one's items."""

    stores: Stores
    settings: RetrieverSettings
    crew: Crew

    @cached_property
    def _server(self) -> VectorStore:
        """One connection for all generations."""
        return self.stores.vectors(self.settings.engine, self.settings.hnsw_ef)

    def load(self, choice: Choice) -> Generation:
        """Return a generation that nobody uses yet."""
        objects = self.stores.objects
        spec, places = load_run(objects, choice.run)
        ports, graph = Ports(self.stores, spec.config, places), Graph(spec)
        index = read_index(objects, graph, choice)
        opened = ports.opener.open(_checkpoint(objects, choice))
        embedder = Embedder(towers=opened.towers, retriever=opened.retriever,
                            threads=spec.config.encoder.threads)  # fmt: skip
        log, dim = ItemLog(objects, index.prefix), embedder.retriever.dim
        logged = log.current()
        hidden = {name for name in index.ids if row_of(name) in logged}
        shared = self.settings.engine == "qdrant"
        engine = self._server if shared else self.stores.vectors("exact")
        index.fill(engine, dim, hidden)
        gallery = Gallery(
            engine=engine, collection=index.collection, own=self.stores.vectors("exact"), dim=dim,
            images={name: r for name, r in index.records.items() if name not in hidden},
            indexed=frozenset(index.ids),
        )  # fmt: skip
        found = Generation(
            choice=choice, name=index.gallery, embedder=embedder, gallery=gallery, log=log,
            source=ports.gallery if spec.gallery else ports.source,
        )  # fmt: skip
        for change in self.changes(found, {}):
            gallery.apply(change)
        return found

    def changes(self, generation: Generation, known: Mapping[str, str]) -> list[Change]:
        """Return what the log says beyond the keys that are known, by row."""
        current = generation.log.current()
        gone = [Change(row=row, key="", expected=key) for row, key in known.items()
                if row not in current]  # fmt: skip
        fresh = [(row, key) for row, key in current.items() if known.get(row) != key]
        return gone + list(self._read(generation, fresh, known))

    def _read(
        self, generation: Generation, fresh: list[tuple[str, str]], known: Mapping[str, str]
    ) -> Iterator[Change]:
        def one(entry: tuple[str, str]) -> Change | None:
            row, key = entry
            expected = known.get(row, "")
            if key.endswith(GONE):
                return Change(row=row, key=key, expected=expected)
            try:
                return generation.change(self._item(generation, key), key, expected)
            except KeyError:
                return None  # replaced or deleted since it was listed
            except PairmillError as error:
                event("item left out", level=logging.WARNING, key=key, error=str(error))
                return None

        with ThreadPoolExecutor(READERS, "items") as pool:
            for change in pool.map(one, fresh):
                if change is not None:
                    yield change

    def _item(self, generation: Generation, key: str) -> Item:
        """Return an item with features of the generation's towers."""
        item = generation.log.read(key)
        if item.encoder_id != generation.embedder.towers.encoder_id:
            item = generation.log.read(key, whole=True)
        return self.fitted(generation, item)

    def fitted(self, generation: Generation, item: Item) -> Item:
        """Return a whole item with features of the generation's towers: its own, or made anew."""
        embedder = generation.embedder
        if item.encoder_id == embedder.towers.encoder_id:
            return item
        pixels = embedder.pixels(item.image) if item.image else None
        features = self.crew.encode_from_thread(embedder.features, pixels, item.text)
        return replace(item, features=features, encoder_id=embedder.towers.encoder_id)


def _checkpoint(objects: ObjectStore, choice: Choice) -> tuple[bytes, bytes]:
    home = f"models/{choice.model}/{choice.version}"
    try:
        weights, config = (
            objects.get(f"{home}/{name}") for name in ("weights.safetensors", "config.json")
        )
    except KeyError:
        raise FormatError(f"{home}: the alias names it, and it is not there") from None
    if not sha256_hex(weights).startswith(choice.version):
        raise FormatError(f"{home}: its weights are not those of version {choice.version}")
    return weights, config
