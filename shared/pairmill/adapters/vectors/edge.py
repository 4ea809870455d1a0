"""Keep and search vectors in Qdrant Edge, the embedded Qdrant. Knows its limits; knows no image.

N vectors, Q queries, D dims.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pairmill.adapters.vectors.checks import check_ids, check_k, check_size, unit_vectors
from pairmill.adapters.vectors.edge_process import EdgeProcess
from pairmill.ports.vectors import Neighbours

INDEX_KB = 10_000
"""From so many kB of vectors on a graph is built, as in a Qdrant server; fewer are scanned."""
QUERIES = 256
"""Asked for by one call."""


class EdgeVectors:
    """Collections in a process of this one's own, on its local disk, gone when either ends.

    hnsw_ef: width of the search in the graph; 0 compares every vector, which is exact. The graph
    is built by the first search that needs it, minutes for some hundred thousand vectors.
    folder: where its files lie; None: where temporary files do.
    RetryError: the process died, and what it held is to be written anew.
    """

    def __init__(
        self, hnsw_ef: int = 0, *, index_kb: int = INDEX_KB, folder: Path | None = None
    ) -> None:
        self._process, self._hnsw_ef = EdgeProcess(index_kb, folder), hnsw_ef
        self._dims: dict[str, int] = {}

    @property
    def approximate(self) -> bool:
        """Whether neighbours may be missed."""
        return self._hnsw_ef > 0

    @property
    def pid(self) -> int:
        """The number of the process that holds the vectors; 0 where none runs."""
        return self._process.pid

    def close(self) -> None:
        """End the process."""
        self._process.close()

    def create(self, collection: str, dim: int) -> None:
        """Create an empty collection for vectors of size `dim`; one of that size is left alone."""
        had = self._held().get(collection)
        check_size(collection, dim, had)
        if had is None:
            self._process.call("create", name=collection, dim=dim)
            self._dims[collection] = dim

    def upsert(self, collection: str, ids: Sequence[str], vectors_ND: NDArray[np.float32]) -> None:
        """Write vectors, in their order; an id that exists is overwritten."""
        vectors_ND = unit_vectors(collection, vectors_ND, self._held()[collection])
        check_ids(collection, ids, len(vectors_ND))
        if ids:
            self._process.call("upsert", vectors_ND.tobytes(), name=collection, ids=list(ids))

    def count(self, collection: str) -> int:
        """Return how many ids the collection holds; 0 for a missing one."""
        if collection not in self._held():
            return 0
        return int(self._process.call("count", name=collection)[0]["count"])

    def search(
        self, collection: str, queries_QD: NDArray[np.float32], k: int, *, exact: bool = False
    ) -> Neighbours:
        """Return the k nearest of each query, fewer where the collection holds fewer."""
        queries_QD = unit_vectors(collection, queries_QD, self._held()[collection])
        check_k(collection, k)
        found, ef = Neighbours(ids=[], scores=[]), 0 if exact else self._hnsw_ef
        for start in range(0, len(queries_QD), QUERIES):
            data = queries_QD[start : start + QUERIES].tobytes()
            near, _ = self._process.call("search", data, name=collection, k=k, ef=ef)
            found.ids.extend(near["ids"])
            found.scores.extend(near["scores"])
        return found

    def fetch(self, collection: str, ids: Sequence[str]) -> NDArray[np.float32]:
        """Return the stored vectors of `ids`, in their order, (len(ids), dim)."""
        dim = self._held()[collection]
        if not ids:
            return np.zeros((0, dim), np.float32)
        wanted = list(dict.fromkeys(ids))
        answer, data = self._process.call("fetch", name=collection, ids=wanted)
        vectors_ND = np.frombuffer(data, np.float32).reshape(-1, dim)
        row_of = {name: row for row, name in enumerate(answer["ids"])}
        missing = next((name for name in wanted if name not in row_of), None)
        if missing is not None:
            raise KeyError(f"{collection}: no vector {missing}")
        return vectors_ND[[row_of[name] for name in ids]]

    def delete(self, collection: str, ids: Sequence[str]) -> None:
        """Remove ids; missing ones are no error."""
        if collection not in self._held():
            raise KeyError(collection)
        if ids:
            self._process.call("delete", name=collection, ids=list(ids))

    def drop(self, collection: str) -> None:
        """Remove the whole collection; a missing one is no error."""
        if self._held().pop(collection, None) is not None:
            self._process.call("drop", name=collection)

    def _held(self) -> dict[str, int]:
        """Return the size of each collection; none once the process has died."""
        if not self._process.running:
            self._dims.clear()
        return self._dims
