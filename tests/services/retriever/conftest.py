"""One encoder a session; a published model and a served retriever for each test that changes it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pairmill.ports.encoder import Encoder
from tests.services.retriever.published import Mill, Replica, load_encoder, replica


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    """The towers with their published weights."""
    return load_encoder(Path.home() / ".cache" / "pairmill")


@pytest.fixture
def mill(tmp_path: Path, encoder: Encoder) -> Mill:
    """A folder in which nothing is published yet."""
    return Mill(tmp_path, encoder)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> Iterator[Replica]:
    """A retriever over six discs, for tests that change nothing."""
    mill = Mill(tmp_path_factory.mktemp("served"), encoder)
    mill.publish()
    with replica(mill.settings()) as found:
        yield found
