"""Every vector store that the suite judges: a new adapter adds one line to STORES."""

from collections.abc import Callable, Generator

import pytest

from pairmill.adapters.vectors.exact import ExactVectors
from pairmill.adapters.vectors.qdrant import QdrantVectors
from pairmill.ports.vectors import VectorStore
from tests.servers.qdrant.process import AnyQdrant

STORES: dict[str, Callable[[pytest.FixtureRequest], VectorStore]] = {
    "exact": lambda _: ExactVectors(),
    "exact-in-small-tiles": lambda _: ExactVectors(tile=7),
    "qdrant": lambda request: request.getfixturevalue("qdrant_vectors"),
}
SERVERS = ("qdrant",)


@pytest.fixture(
    params=[pytest.param(n, marks=pytest.mark.servers if n in SERVERS else ()) for n in STORES]
)
def vectors(request: pytest.FixtureRequest) -> VectorStore:
    """A fresh store; what it holds of earlier tests bears other names."""
    return STORES[request.param](request)


@pytest.fixture
def qdrant_vectors(qdrant_server: AnyQdrant) -> Generator[QdrantVectors]:
    """A connection to the shared Qdrant, which searches exactly; closed after the test."""
    store = QdrantVectors(qdrant_server.settings())
    yield store
    store.close()
