"""A gateway's rooms over folders, and the gateway served."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pairmill.pb.runs_pb2 import SubmitRunRequest
from pairmill.settings import ServerSettings, Settings
from pairmill.wiring import Stores
from services.gateway.rooms import Rooms
from tests.services.gateway.world import Served, draw, opener, serving


@pytest.fixture
def buckets(tmp_path: Path) -> Path:
    """The folder of buckets; `s3://own/photos` holds three pictures."""
    draw(tmp_path / "buckets/own/photos", "abc")
    return tmp_path / "buckets"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder of all runs' objects."""
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


@pytest.fixture
def stores(root: Path) -> Stores:
    """The process's connections."""
    return Stores(Settings(root=root))


@pytest.fixture
def rooms(stores: Stores, buckets: Path) -> Rooms:
    """The gateway's parts."""
    return Rooms(stores, opener(buckets))


@pytest.fixture
def request_photos() -> SubmitRunRequest:
    """A request without a fault."""
    return SubmitRunRequest(corpus="s3://own/photos")


@pytest.fixture
def served(rooms: Rooms) -> Iterator[Served]:
    """The gateway on loopback, without a key."""
    with serving(rooms, ServerSettings(grace_seconds=5)) as found:
        yield found
