"""Every vector store that the suite judges: a new adapter adds one line to STORES."""

from collections.abc import Callable

import pytest

from pairmill.adapters.vectors.exact import ExactVectors
from pairmill.ports.vectors import VectorStore

STORES: dict[str, Callable[[], VectorStore]] = {
    "exact": ExactVectors,
    "exact-in-small-tiles": lambda: ExactVectors(tile=7),
}


@pytest.fixture(params=STORES)
def vectors(request: pytest.FixtureRequest) -> VectorStore:
    """A fresh, empty store."""
    return STORES[request.param]()
