"""The small service of `echo.py`, open and behind a key."""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from tests.pairmill.server.echo import SETTINGS, Hosted, Servicer, hosted


@pytest.fixture
def served() -> Iterator[Hosted]:
    """A service without a key."""
    with hosted(Servicer(), SETTINGS) as found:
        yield found


@pytest.fixture
def locked() -> Iterator[Hosted]:
    """A service that wants the key `secret`."""
    with hosted(Servicer(), SETTINGS.model_copy(update={"api_key": SecretStr("secret")})) as found:
        yield found
