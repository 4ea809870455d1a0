"""One version's gallery in memory: indexed images and upserted items, searched as one.

Knows vectors and ids; knows no wire, no clock and no object store. Not for two threads at once.
"""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pairmill.core.records import ImageRecord
from pairmill.ports.vectors import VectorStore
from services.retriever.item_log import row_of

ITEMS = "items"


@dataclass(frozen=True, kw_only=True)
class Change:
    """An item that was put, or (without a name) is gone. key: its newest object, or empty.

    vector_D: of the item. expected: the key that must be the newest one known, else the change
    comes too late and is passed over; None: whatever is known.
    """

    row: str
    key: str
    item_id: str = ""
    caption: str = ""
    content: str = ""
    vector_D: NDArray[np.float32] | None = None
    expected: str | None = None


@dataclass(frozen=True, kw_only=True)
class Found:
    """One answer, before it is put on the wire."""

    item_id: str
    key: str
    caption: str
    score: float
    vector_D: NDArray[np.float32] | None = None


@dataclass(frozen=True, kw_only=True)
class Query:
    """What is looked for. excluded: contents that are no answer; full: vectors are wanted."""

    vector_D: NDArray[np.float32]
    k: int
    excluded: frozenset[str] = frozenset()
    full: bool = False


@dataclass(kw_only=True)
class Gallery:
    """Indexed images in `engine`, items in `own`.

    images: those that are shown; indexed: all that the index holds, deleted ones too. items, keys:
    by row, the items and the newest objects. contents: how many items hold each image.
    """

    engine: VectorStore
    collection: str
    own: VectorStore
    dim: int
    images: dict[str, ImageRecord]
    indexed: frozenset[str]
    items: dict[str, Change] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    contents: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Open with no item."""
        self.own.create(ITEMS, self.dim)
        self._rows = {row_of(name): name for name in self.images}

    def __len__(self) -> int:
        """Return how many items can be found."""
        return len(self.images) + len(self.items)

    def apply(self, change: Change) -> bool:
        """Take a change in; say whether it was not too late."""
        known = self.keys.get(change.row, "")
        if change.expected is not None and change.expected != known:
            return False
        self._hide(change.row)
        if change.key:
            self.keys[change.row] = change.key
        else:
            self.keys.pop(change.row, None)
        self._forget(change.row, keep_vector=change.vector_D is not None)
        if change.vector_D is not None:
            self.own.upsert(ITEMS, [change.row], change.vector_D[np.newaxis])
            self.items[change.row] = change
            self.contents[change.content] += 1
        return True

    def holds(self, item_id: str) -> bool:
        """Say whether the id can be found now."""
        return item_id in self.images or row_of(item_id) in self.items

    def content(self, item_id: str) -> str:
        """Return the digest of an item's image, empty where it is a text; KeyError for none."""
        if item_id in self.images:
            return item_id
        return self.items[row_of(item_id)].content

    def search(self, query: Query) -> list[Found]:
        """Return the k best, best first; ties by id."""
        found = self._images(query) + self._items(query)
        found.sort(key=lambda hit: (-hit.score, hit.item_id))
        return found[: query.k]

    def _images(self, query: Query) -> list[Found]:
        hits = []
        for name, score in self._near(self.engine, self.collection, query, len(self.images)):
            record = self.images.get(name)
            if record is not None and name not in query.excluded:
                hits.append((name, Found(item_id=name, key=record.keys[0], score=score,
                                         caption=record.caption)))  # fmt: skip
        return self._viewed(self.engine, self.collection, hits[: query.k], query)

    def _items(self, query: Query) -> list[Found]:
        hits = []
        for row, score in self._near(self.own, ITEMS, query, len(self.items)):
            item = self.items[row]
            if not item.content or item.content not in query.excluded:
                hits.append((row, Found(item_id=item.item_id, key="", score=score,
                                        caption=item.caption)))  # fmt: skip
        return self._viewed(self.own, ITEMS, hits[: query.k], query)

    def _near(
        self, engine: VectorStore, collection: str, query: Query, num: int
    ) -> list[tuple[str, float]]:
        """Return more than k, so that k are left when the excluded ones are taken out."""
        if not num:
            return []
        spare = sum(self.contents[content] for content in query.excluded)
        wanted = query.k + len(query.excluded) + spare
        near = engine.search(collection, query.vector_D[np.newaxis], wanted)
        return list(zip(near.ids[0], near.scores[0], strict=True))

    def _viewed(
        self, engine: VectorStore, collection: str, hits: list[tuple[str, Found]], query: Query
    ) -> list[Found]:
        if not query.full or not hits:
            return [hit for _, hit in hits]
        vectors = engine.fetch(collection, [name for name, _ in hits])
        return [
            Found(item_id=h.item_id, key=h.key, caption=h.caption, score=h.score, vector_D=v)
            for (_, h), v in zip(hits, vectors, strict=True)
        ]

    def _hide(self, row: str) -> None:
        """An indexed image that is deleted or replaced is never shown again."""
        name = self._rows.pop(row, None)
        if name is not None:
            del self.images[name]
            self.engine.delete(self.collection, [name])

    def _forget(self, row: str, *, keep_vector: bool) -> None:
        before = self.items.pop(row, None)
        if before is not None:
            self.contents[before.content] -= 1
            if not keep_vector:
                self.own.delete(ITEMS, [row])
