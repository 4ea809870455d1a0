"""Every encoder that the suite judges: a new adapter adds one line to ENCODERS."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pairmill.adapters.encoder.starter import StarterEncoder
from pairmill.ports.encoder import Encoder

ENCODERS: dict[str, Callable[[Path], Encoder]] = {
    "starter": lambda cache: StarterEncoder(cache=cache, threads=1),
}


@pytest.fixture(scope="package", params=ENCODERS)
def encoder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    """An encoder with its weights; they are loaded once."""
    return ENCODERS[request.param](tmp_path_factory.mktemp("cache"))
