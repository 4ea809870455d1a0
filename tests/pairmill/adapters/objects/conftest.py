"""Every object store that the suite judges: a new adapter adds one line to OPENERS."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest

from pairmill.adapters.objects.folder import FolderObjects
from pairmill.adapters.objects.minio import MinioObjects
from pairmill.ports.objects import ObjectStore
from tests.servers.processes import MinioServer

Opener = Callable[[], ObjectStore]
Fresh = pytest.FixtureRequest


def in_folder(request: Fresh) -> Opener:
    """Return an opener of a fresh folder."""
    path: Path = request.getfixturevalue("tmp_path")
    return partial(FolderObjects, path / "root")


def in_bucket(request: Fresh, prefix: str = "") -> Opener:
    """Return an opener of a fresh bucket of a real MinIO."""
    server: MinioServer = request.getfixturevalue("minio_server")
    opener = partial(MinioObjects, server.settings(), f"test-{uuid4().hex}", prefix)
    opener().ensure_bucket()
    return opener


OPENERS: dict[str, Callable[[Fresh], Opener]] = {
    "folder": in_folder,
    "minio": in_bucket,
    "minio-prefix": partial(in_bucket, prefix="of others/ours"),
}
"""Name to: a test's fixtures → a picklable function that opens one fresh store, in any process."""
MARKS = {"minio": pytest.mark.servers, "minio-prefix": pytest.mark.servers}


@pytest.fixture(params=[pytest.param(name, marks=MARKS.get(name, ())) for name in OPENERS])
def opener(request: Fresh) -> Opener:
    """A function that opens one fresh store, again and again."""
    return OPENERS[request.param](request)


@pytest.fixture
def objects(opener: Opener) -> ObjectStore:
    """A fresh, empty store."""
    return opener()
