"""Keep vectors in memory under ids, in tiles that never move. Knows no store and no search.

N vectors, D dims.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray


class Rows:
    """Vectors of one size, each with an id; the newest under an id counts.

    They lie in tiles, so that growing copies nothing; a removed row is filled by the last one.
    """

    def __init__(self, dim: int, tile: int) -> None:
        self.dim = dim
        self.ids: list[str] = []
        self._tile = tile
        self._row_of: dict[str, int] = {}
        self._tiles: list[NDArray[np.float32]] = []

    def write(self, ids: Sequence[str], vectors_ND: NDArray[np.float32]) -> None:
        """Write vectors; an id that exists, or comes again, is overwritten."""
        rows = np.empty(len(ids), np.int64)
        for index, name in enumerate(ids):
            row = self._row_of.setdefault(name, len(self.ids))
            if row == len(self.ids):
                self.ids.append(name)
            rows[index] = row
        while len(self._tiles) * self._tile < len(self.ids):
            self._tiles.append(np.empty((self._tile, self.dim), np.float32))
        for number, within in self._by_tile(rows):
            self._tiles[number][rows[within] % self._tile] = vectors_ND[within]

    def read(self, ids: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of ids in their order, (N, D); KeyError names a missing one."""
        rows = np.array([self._row_of[name] for name in ids], np.int64)
        found_ND = np.empty((len(rows), self.dim), np.float32)
        for number, within in self._by_tile(rows):
            found_ND[within] = self._tiles[number][rows[within] % self._tile]
        return found_ND

    def remove(self, ids: Sequence[str]) -> None:
        """Remove ids; missing ones are no error."""
        tile = self._tile
        for name in ids:
            row = self._row_of.pop(name, None)
            if row is None:
                continue
            last = len(self.ids) - 1
            moved = self.ids.pop()
            if row != last:
                self.ids[row] = moved
                self._row_of[moved] = row
                self._tiles[row // tile][row % tile] = self._tiles[last // tile][last % tile]
        del self._tiles[-(-len(self.ids) // tile) :]

    def tiles(self) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """Yield each tile's first row with its vectors, (up to tile, D)."""
        for number, tile_TD in enumerate(self._tiles):
            first = number * self._tile
            yield first, tile_TD[: len(self.ids) - first]

    def _by_tile(self, rows: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.int64]]]:
        numbers = rows // self._tile
        for number in np.unique(numbers).tolist():
            yield number, np.flatnonzero(numbers == number)
