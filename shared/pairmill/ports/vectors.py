"""The vector store port: unit vectors in named collections. Knows no image and no space."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """The nearest ids of each query, best first: ids[q][j] has cosine scores[q][j]."""

    ids: list[list[str]]
    scores: list[list[float]]


class VectorStore(Protocol):
    """Collections of unit vectors under hexadecimal ids of 32 digits.

    Scores are cosine, larger is nearer. A missing collection or id raises KeyError, vectors of
    another size than the collection's raise ValueError. Equal scores may come in any order: the
    caller scores again and breaks ties.
    """

    @property
    def approximate(self) -> bool:
        """Whether `search` may miss neighbours unless it is asked to be exact."""
        ...

    def create(self, collection: str, dim: int) -> None:
        """Create an empty collection for vectors of size `dim`; one of that size is left alone."""
        ...

    def upsert(self, collection: str, ids: Sequence[str], vectors_ND: NDArray[np.float32]) -> None:
        """Write vectors; an id that exists is overwritten."""
        ...

    def count(self, collection: str) -> int:
        """Return how many ids the collection holds; 0 for a missing one."""
        ...

    def search(
        self, collection: str, queries_QD: NDArray[np.float32], k: int, *, exact: bool = ...
    ) -> Neighbours:
        """Return the k nearest of each query, fewer where the collection holds fewer.

        exact: compare every vector, so that what an approximate engine misses can be measured.
        """
        ...

    def fetch(self, collection: str, ids: Sequence[str]) -> NDArray[np.float32]:
        """Return the stored vectors of `ids`, in their order, (len(ids), dim)."""
        ...

    def delete(self, collection: str, ids: Sequence[str]) -> None:
        """Remove ids; missing ones are no error."""
        ...

    def drop(self, collection: str) -> None:
        """Remove the whole collection; a missing one is no error."""
        ...
