"""A scripted server, and questions to it."""

from collections.abc import Iterator

import pytest

from tests.pairmill.adapters.chat.scripted_server import ScriptedServer


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """A server that does what its questions say."""
    with ScriptedServer() as served:
        yield served
