"""Search a corpus exactly, tile by tile, from the embeddings' files. Knows no band and no pair.

A tile is a run of files that the engine holds at once. Its best neighbours are merged with those
of the tiles before, and kept now and then, so that a task that was killed goes on from there. The
merge knows no order (`core.neighbours.merge`): resumed or not, the neighbours are the same.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pairmill.core.ids import digest_of
from pairmill.core.neighbours import merge
from pairmill.pipeline.checkpoint import Checkpoints
from pairmill.pipeline.commit import DataFile
from services.miner.filling import Collection, collection_of
from services.miner.heaps import from_bytes, to_bytes
from services.miner.neighbours import Asking, Neighbourhood, Ranked, Vector, own_vectors

TILE_BYTES = 128 * 2**20
"""Vectors of a tile, as float32: 131,072 of 256 dims. Reading one takes a second or so."""
HELD_BYTES = 2**30
"""Vectors that stay in memory for the next task, as float32: the first tiles of all; one million
of 256 dims are read once a process, of a larger corpus the rest is read by every task."""
SAVE_SECONDS = 10.0
"""What a kill may cost."""


@dataclass(frozen=True, kw_only=True)
class Tile:
    """Some files of one space, as a collection of their own; held: it stays in the engine."""

    space: str
    collection: Collection
    held: bool


def scanned_neighbours(
    around: Neighbourhood, spaces: Sequence[str], queries: Sequence[str], checkpoints: Checkpoints
) -> dict[str, Ranked]:
    """Return each query's neighbours in every space; no entry without a vector there."""
    tiles = list(tiles_of({space: collection_of(around.shard, space) for space in spaces}))
    saved = Saved(checkpoints, len(tiles) > len({tile.space for tile in tiles}), _digest(tiles))
    done, heaps = saved.load()
    heaps = {space: heaps.get(space, {}) for space in spaces}
    vectors: dict[str, dict[str, Vector]] = {tile.space: {} for tile in tiles[done:]}
    for number, tile in enumerate(tiles[done:], start=done + 1):
        if not vectors[tile.space]:
            vectors[tile.space] = own_vectors(around, tile.collection, queries)
        asking = Asking(around=around, window=around.window(tile.space))
        found = asking.rank(tile.collection, vectors[tile.space])
        heap = heaps[tile.space]
        for query, near in found.items():
            heap[query] = merge(query, [heap.get(query, ()), near], asking.window)
        if not tile.held:
            around.vectors.drop(tile.collection.name)
        if number < len(tiles):
            saved.save(number, heaps)
    return heaps


def tiles_of(collections: dict[str, Collection]) -> Iterator[Tile]:
    """Cut each space's collection into tiles; none of one in which the task has no vector."""
    held = 0
    for space, whole in collections.items():
        for number, files in enumerate(_runs(whole) if whole.own else ()):
            total = sum(file.num_rows for file in files)
            held += total * whole.dim * 4
            part = replace(whole, name=f"{whole.name}-{number}", total=total, files=tuple(files))
            yield Tile(space=space, collection=part, held=held <= HELD_BYTES)


def _runs(whole: Collection) -> Iterator[list[DataFile]]:
    run: list[DataFile] = []
    rows = 0
    for file in whole.files:
        if run and (rows + file.num_rows) * whole.dim * 4 > TILE_BYTES:
            yield run
            run, rows = [], 0
        run.append(file)
        rows += file.num_rows
    yield run


def _digest(tiles: Sequence[Tile]) -> str:
    """Return a digest of what the tiles hold, so that no task goes on from another's heaps."""
    return digest_of([[t.space, *(file.sha256 for file in t.collection.files)] for t in tiles])


class Saved:
    """The heaps of one task after some of its tiles, as its checkpoints keep them.

    used: whether it is worth it; a task of one tile a space keeps none and looks for none.
    """

    def __init__(self, checkpoints: Checkpoints, used: bool, digest: str) -> None:
        self._checkpoints, self._used, self._digest = checkpoints, used, digest
        self._saved = time.monotonic()

    def load(self) -> tuple[int, dict[str, Ranked]]:
        """Return how many tiles an earlier attempt finished, and their heaps."""
        found = self._checkpoints.load() if self._used else None
        if found is None:
            return 0, {}
        digest, heaps = from_bytes(found[1])
        return (found[0], heaps) if digest == self._digest else (0, {})

    def save(self, done: int, heaps: dict[str, Ranked]) -> None:
        """Keep the heaps, unless some were kept only just."""
        if self._used and time.monotonic() - self._saved >= SAVE_SECONDS:
            self._checkpoints.save(done, to_bytes(self._digest, heaps))
            self._saved = time.monotonic()
