"""Every vector store that the suite judges: a new adapter adds one line to STORES."""

from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from pairmill.adapters.vectors.edge import EdgeVectors
from pairmill.adapters.vectors.exact import ExactVectors
from pairmill.adapters.vectors.qdrant import QdrantVectors
from pairmill.ports.vectors import VectorStore
from tests.servers.qdrant.process import AnyQdrant

STORES: dict[str, Callable[[pytest.FixtureRequest], VectorStore]] = {
    "exact": lambda _: ExactVectors(),
    "exact-in-small-tiles": lambda _: ExactVectors(tile=7),
    "edge": lambda request: request.getfixturevalue("edge_vectors"),
    "qdrant": lambda request: request.getfixturevalue("qdrant_vectors"),
}
IN_MEMORY = Path("/dev/shm")
"""An embedded Qdrant begins each collection with 35 MB of files; on a disk that takes a while."""
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


@pytest.fixture(scope="session")
def edge_process() -> Generator[EdgeVectors]:
    """An embedded Qdrant that searches exactly; its process lives as long as the tests."""
    store = EdgeVectors(folder=IN_MEMORY if IN_MEMORY.is_dir() else None)
    yield store
    store.close()


@pytest.fixture
def edge_vectors(edge_process: EdgeVectors) -> Generator[EdgeVectors]:
    """The same, without what the test before left in it."""
    yield edge_process
    for name in list(edge_process._dims):
        edge_process.drop(name)
