"""Keep and search vectors in a Qdrant server. Knows its messages and limits; knows no image.

N vectors, Q queries, D dims.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qdrant_client import grpc as wire

from pairmill.adapters.vectors.checks import check_ids, check_k, check_size, unit_vectors
from pairmill.adapters.vectors.qdrant_calls import QdrantCalls
from pairmill.adapters.vectors.qdrant_messages import (
    id_of,
    named,
    new_point,
    new_query,
    parts,
    rows_a_message,
    values_of,
)
from pairmill.core.errors import RetryError
from pairmill.ports.vectors import Neighbours
from pairmill.settings import QdrantSettings

MAX_QUERIES, MAX_HITS = 256, 50_000
"""Asked for by one call."""


class QdrantVectors:
    """Collections on a Qdrant server, for any number of threads and processes at once.

    hnsw_ef: width of the search in Qdrant's graph; 0 compares every vector, which is exact.

    Collections score by dot product, which is the cosine of unit vectors: under `Cosine`, Qdrant
    scales every vector anew as it comes in, and what was written could not be read back to the
    bit. A point's id is its id's 32 digits read as a UUID. Writes return once they can be found.
    """

    def __init__(self, qdrant: QdrantSettings, hnsw_ef: int = 0) -> None:
        self._calls = QdrantCalls(qdrant)
        self._hnsw_ef = hnsw_ef

    @property
    def approximate(self) -> bool:
        """Whether neighbours may be missed."""
        return self._hnsw_ef > 0

    def close(self) -> None:
        """Close the connection."""
        self._calls.close()

    def create(self, collection: str, dim: int) -> None:
        """Create an empty collection for vectors of size `dim`; one of that size is left alone."""
        had = self._size(collection)
        check_size(collection, dim, had)
        if had is None:
            check_size(collection, dim, self._make(collection, dim))

    def upsert(self, collection: str, ids: Sequence[str], vectors_ND: NDArray[np.float32]) -> None:
        """Write vectors, in their order; an id that exists is overwritten."""
        vectors_ND = unit_vectors(collection, vectors_ND, self._dim(collection))
        check_ids(collection, ids, len(vectors_ND))
        for part in parts(len(ids), rows_a_message(vectors_ND.shape[1])):
            points = [new_point(i, v) for i, v in zip(ids[part], vectors_ND[part], strict=True)]
            request = wire.UpsertPoints(collection_name=named(collection), points=points)
            self._write(collection, self._calls.points.Upsert, request)

    def count(self, collection: str) -> int:
        """Return how many ids the collection holds; 0 for a missing one."""
        request = wire.CountPoints(collection_name=named(collection), exact=True)
        try:
            return int(self._calls.call(self._calls.points.Count, request).result.count)
        except KeyError:
            return 0

    def search(
        self, collection: str, queries_QD: NDArray[np.float32], k: int, *, exact: bool = False
    ) -> Neighbours:
        """Return the k nearest of each query, fewer where the collection holds fewer."""
        queries_QD = unit_vectors(collection, queries_QD, self._dim(collection))
        check_k(collection, k)
        whole = exact or not self.approximate
        params = (
            wire.SearchParams(exact=True) if whole else wire.SearchParams(hnsw_ef=self._hnsw_ef)
        )
        found = Neighbours(ids=[], scores=[])
        for part in parts(len(queries_QD), min(MAX_QUERIES, max(1, MAX_HITS // k))):
            name = named(collection)
            queries = [new_query(name, query_D, k, params) for query_D in queries_QD[part]]
            request = wire.QueryBatchPoints(collection_name=name, query_points=queries)
            for near in self._calls.call(self._calls.points.QueryBatch, request).result:
                found.ids.append([id_of(hit) for hit in near.result])
                found.scores.append([hit.score for hit in near.result])
        return found

    def fetch(self, collection: str, ids: Sequence[str]) -> NDArray[np.float32]:
        """Return the stored vectors of `ids`, in their order, (len(ids), dim)."""
        dim, wanted = self._dim(collection), list(dict.fromkeys(ids))
        row_of: dict[str, NDArray[np.float32]] = {}
        for part in parts(len(wanted), rows_a_message(dim)):
            request = wire.GetPoints(
                collection_name=named(collection),
                ids=[wire.PointId(uuid=name) for name in wanted[part]],
                with_vectors=wire.WithVectorsSelector(enable=True),
                with_payload=wire.WithPayloadSelector(enable=False),
            )
            for point in self._calls.call(self._calls.points.Get, request).result:
                row_of[id_of(point)] = values_of(point)
        missing = next((name for name in wanted if name not in row_of), None)
        if missing is not None:
            raise KeyError(f"{collection}: no vector {missing}")
        return np.stack([row_of[name] for name in ids]) if ids else np.zeros((0, dim), np.float32)

    def delete(self, collection: str, ids: Sequence[str]) -> None:
        """Remove ids; missing ones are no error."""
        for part in parts(len(ids), rows_a_message(self._dim(collection))):
            points = wire.PointsIdsList(ids=[wire.PointId(uuid=name) for name in ids[part]])
            request = wire.DeletePoints(collection_name=named(collection))
            request.points.points.CopyFrom(points)
            self._write(collection, self._calls.points.Delete, request)

    def drop(self, collection: str) -> None:
        """Remove the whole collection; a missing one is no error."""
        request = wire.DeleteCollection(collection_name=named(collection))
        with suppress(KeyError):
            self._calls.call(self._calls.collections.Delete, request)

    def _write(self, collection: str, method: Any, request: Any) -> None:
        request.wait = True
        status = self._calls.call(method, request).result.status
        if status != wire.UpdateStatus.Completed:
            said = wire.UpdateStatus.Name(status)
            raise RetryError(f"{collection}: Qdrant left a write {said}, wanted Completed")

    def _make(self, collection: str, dim: int) -> int:
        """Create a collection and return its size, which is another's where that was faster."""
        request = wire.CreateCollection(collection_name=named(collection))
        request.vectors_config.params.size = dim
        request.vectors_config.params.distance = wire.Distance.Dot
        try:
            self._calls.call(self._calls.collections.Create, request)
        except ValueError:
            had = self._size(collection)
            if had is None:
                raise
            return had
        return dim

    def _size(self, collection: str) -> int | None:
        try:
            return self._dim(collection)
        except KeyError:
            return None

    def _dim(self, collection: str) -> int:
        request = wire.GetCollectionInfoRequest(collection_name=named(collection))
        info = self._calls.call(self._calls.collections.Get, request).result
        return int(info.config.params.vectors_config.params.size)
