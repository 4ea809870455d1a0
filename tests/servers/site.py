"""A whole site as processes on loopback, for tests: real Redis and MinIO, every service.

Knows services.local and the command line; knows no stage.
"""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pairmill.pipeline.standing import End, ended, read_progress
from pairmill.ports.objects import ObjectStore
from pairmill.settings import S3Settings, Settings
from pairmill.wiring import Stores
from services.local.layout import Layout, free_layout, open_layout
from services.local.programs import environment, programs
from services.local.site import Site
from tests.servers.tools import tool

QUICK = {
    "PAIRMILL_TICK_SECONDS": "0.2",
    "PAIRMILL_LEASE_SECONDS": "4",
    "PAIRMILL_RING_AGAIN_SECONDS": "2",
    "PAIRMILL_RETRIEVER__REFRESH_SECONDS": "1",
}
"""A killed worker's task is taken over after seconds, not minutes."""


class TestSite:
    """A site in a folder of a test's own."""

    __test__ = False

    def __init__(self, folder: Path, more: Mapping[str, str] | None = None) -> None:
        self.folder, self.layout = folder, open_layout(folder, free_layout())
        self.environment = environment(folder, self.layout)
        self.site = Site(folder, programs(folder, self.layout, {**QUICK, **(more or {})}))
        self.stores = Stores(settings_of(self.layout))
        self._known: set[str] = set()

    @property
    def objects(self) -> ObjectStore:
        """The site's bucket."""
        return self.stores.objects

    def start(self, *names: str) -> None:
        """Start programs, all of them if none is named, servers first, and wait for them."""
        list(self.site.start_all(names or self.site.programs))

    def stop(self) -> list[str]:
        """Stop everything; return what had to be killed."""
        return self.site.stop_all(self.site.programs)

    def pairmill(
        self, *arguments: object, seconds: float = 120
    ) -> "subprocess.CompletedProcess[str]":
        """Run the command line against this site."""
        command = [sys.executable, "-m", "services.cli", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=seconds,
                              env={**os.environ, **self.environment}, check=False)  # fmt: skip

    def submit(self, *arguments: object) -> str:
        """Submit a run and return its name."""
        done = self.pairmill("submit", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        (name,) = {p.stem for p in map(Path, self.objects.list("submitted/"))} - self._known
        self._known.add(name)
        return name

    def wait_for(self, run: str, seconds: float) -> End:
        """Wait until a run has ended."""
        limit = time.monotonic() + seconds
        while (end := ended(self.objects, run)) is None:
            assert time.monotonic() < limit, read_progress(self.objects, run)
            time.sleep(0.2)
        return end


def settings_of(layout: Layout) -> Settings:
    """Return the settings with which a test looks into a site."""
    s3 = S3Settings.model_validate(
        {"endpoint": f"http://127.0.0.1:{layout.minio}", "access_key": "pairmill",
         "secret_key": layout.password, "create_bucket": True}
    )  # fmt: skip
    return Settings(objects="minio", s3=s3)


@contextmanager
def running_site(folder: Path, more: Mapping[str, str] | None = None) -> Iterator[TestSite]:
    """Start a whole site and stop it afterwards."""
    os.environ["PATH"] += os.pathsep + str(Path(tool("minio")).parent)
    site = TestSite(folder, more)
    try:
        site.start()
        yield site
    finally:
        site.stop()


def committed_objects(objects: ObjectStore) -> dict[str, str]:
    """Return the digest of every commit, and of the data files that they name."""
    found: dict[str, str] = {}
    for key in [*objects.list("corpora/"), *objects.list("runs/"), *objects.list("galleries/")]:
        if "/commits/" not in key:
            continue
        data = objects.get(key)
        found[key] = hashlib.sha256(data).hexdigest()
        for file in json.loads(data)["files"]:
            found[file["key"]] = hashlib.sha256(objects.get(file["key"])).hexdigest()
    return found
