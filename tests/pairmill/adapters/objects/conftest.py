"""Every object store that the suite judges: a new adapter adds one line to OPENERS."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from pairmill.adapters.objects.folder import FolderObjects
from pairmill.ports.objects import ObjectStore

Opener = Callable[[], ObjectStore]

OPENERS: dict[str, Callable[[Path], Opener]] = {
    "folder": lambda path: partial(FolderObjects, path / "root"),
}
"""Name to: a fresh place → a picklable function that opens the store there, in any process."""


@pytest.fixture(params=OPENERS)
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    """A function that opens one fresh store, again and again."""
    return OPENERS[request.param](tmp_path)


@pytest.fixture
def objects(opener: Opener) -> ObjectStore:
    """A fresh, empty store."""
    return opener()
