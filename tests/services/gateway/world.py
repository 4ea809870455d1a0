"""A gateway over folders: `s3://bucket/prefix` is a folder of that name, on real sockets."""

import asyncio
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from pairmill.adapters.objects.folder import FolderObjects
from pairmill.core.errors import CorpusError
from pairmill.ports.objects import ObjectStore
from pairmill.server import Ports, host
from pairmill.settings import ServerSettings
from services.gateway.face import face_of, wide_enough
from services.gateway.rooms import Rooms


def draw(folder: Path, names: str) -> Path:
    """Draw one small picture for each letter."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        Image.new("RGB", (40, 40), (ord(name), 0, 0)).save(folder / f"{name}.jpg")
    return folder


def opener(buckets: Path) -> Callable[[str], ObjectStore]:
    """Return what opens `s3://bucket/prefix` below a folder, and refuses a missing bucket."""

    def open_source(address: str) -> ObjectStore:
        bucket, _, prefix = address.removeprefix("s3://").partition("/")
        if not (buckets / bucket).is_dir():
            raise CorpusError(f"{address}: no bucket {bucket!r}")
        return FolderObjects(buckets / bucket / prefix, read_only=True)

    return open_source


def files_of(root: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    found = {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}
    return {name: data for name, data in found.items() if not name.startswith(".pairmill-tmp")}


@dataclass(frozen=True)
class Served:
    """A gateway that can be called."""

    ports: Ports
    rooms: Rooms

    @property
    def address(self) -> str:
        """Where gRPC is."""
        return f"127.0.0.1:{self.ports.grpc}"

    def post(self, method: str, values: object, **headers: str) -> tuple[int, dict[str, Any]]:
        """Return status and JSON of a call over HTTP."""
        url = f"http://127.0.0.1:{self.ports.http}/pairmill.v1.RunService/{method}"
        kind = {"content-type": "application/json"}
        request = urllib.request.Request(url, json.dumps(values).encode(), kind | headers)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())


@contextmanager
def serving(rooms: Rooms, settings: ServerSettings) -> Generator[Served]:
    """Serve in a thread of its own while the block runs."""
    up, stop, found = threading.Event(), threading.Event(), list[Ports]()

    async def run() -> None:
        async with host(face_of(rooms, watch_seconds=0.05), wide_enough(settings)) as ports:
            found.append(ports)
            up.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    try:
        assert up.wait(20)
        yield Served(found[0], rooms)
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()
