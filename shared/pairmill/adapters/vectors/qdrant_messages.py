"""Write and read Qdrant's messages: names, points, queries. Knows no server.

D dims.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray
from qdrant_client import grpc as wire

PREFIX = "pairmill-"
MAX_NAME = 200
"""Qdrant takes names of 255 bytes at most."""
MESSAGE_BYTES = 4 * 2**20
"""Vectors written or read by one call."""


def named(collection: str) -> str:
    """Return the name that a collection bears on the server: safe there, and recognisably ours."""
    name = PREFIX + quote(collection, safe="")
    if len(name) <= MAX_NAME:
        return name
    return f"{name[: MAX_NAME - 33]}-{sha256(name.encode()).hexdigest()[:32]}"


def rows_a_message(dim: int) -> int:
    """Return how many vectors one call may carry."""
    return max(1, MESSAGE_BYTES // (4 * dim + 64))


def parts(total: int, step: int) -> Iterator[slice]:
    """Cut a number of rows into slices, in order."""
    return (slice(start, start + step) for start in range(0, total, step))


def new_point(name: str, vector_D: NDArray[np.float32]) -> Any:
    """Return a point; its id is the 32 digits read as a UUID."""
    dense = wire.DenseVector(data=vector_D.tolist())
    return wire.PointStruct(
        id=wire.PointId(uuid=name), vectors=wire.Vectors(vector=wire.Vector(dense=dense))
    )


def new_query(name: str, query_D: NDArray[np.float32], k: int, params: Any) -> Any:
    """Return a search for the k nearest, ids and scores only."""
    dense = wire.DenseVector(data=query_D.tolist())
    return wire.QueryPoints(
        collection_name=name,
        query=wire.Query(nearest=wire.VectorInput(dense=dense)),
        params=params,
        limit=k,
        with_payload=wire.WithPayloadSelector(enable=False),
    )


def id_of(point: Any) -> str:
    """Return the 32 digits of a point that the server names."""
    return str(point.id.uuid).replace("-", "")


def values_of(point: Any) -> NDArray[np.float32]:
    """Return the vector of a point that the server sends."""
    vector = point.vectors.vector
    # servers before 1.16 answer in the older of the two fields
    return np.array(vector.dense.data[:] or vector.data[:], np.float32)
