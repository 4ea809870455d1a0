"""A small world for listing sources: see tests/small_source.py."""

import pytest

from tests.small_source import World


@pytest.fixture
def world() -> World:
    """An empty world."""
    return World()


@pytest.fixture(scope="session")
def new_world() -> type[World]:
    """What makes worlds, for tests that need several."""
    return World
