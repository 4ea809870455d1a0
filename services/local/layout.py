"""Where a local site listens, and its secrets. Knows ports and files; starts nothing."""

import contextlib
import json
import secrets
import socket
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

LAYOUT = "layout.json"
NUM_PROBES = 20
"""Ports after `probes` that workers answer on."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Loopback ports and generated passwords; written once, so that later starts find the data."""

    redis: int = 6390
    minio: int = 9010
    gateway: int = 50050
    gateway_http: int = 8080
    retriever: int = 50051
    retriever_http: int = 8081
    probes: int = 9020
    password: str = ""
    bucket: str = "pairmill"

    def redis_url(self) -> str:
        """Return the address of queue and ledger, password included."""
        return f"redis://:{self.password}@127.0.0.1:{self.redis}/0"


def free_layout() -> Layout:
    """Return a layout of ports, all in a row, that nobody listens on now."""
    names = [name for name, kind in Layout.__annotations__.items() if kind is int]
    assert names[-1] == "probes", "the last one is followed by those of the workers"
    while True:
        first = secrets.choice(range(20_000, 30_000))
        if all(_is_free(first + i) for i in range(len(names) + NUM_PROBES)):
            ports = range(first, first + len(names))
            numbers: dict[str, Any] = dict(zip(names, ports, strict=True))
            return Layout(**numbers, password=secrets.token_urlsafe(24))


def _is_free(port: int) -> bool:
    with contextlib.closing(socket.socket()) as one:
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def open_layout(folder: Path, wanted: Layout | None = None) -> Layout:
    """Return the site's layout; the first time, write `wanted` (or the default) with a password."""
    path = folder / LAYOUT
    if path.exists():
        return Layout(**json.loads(path.read_text()))
    found = wanted or Layout(password=secrets.token_urlsafe(24))
    folder.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(asdict(found), indent=2) + "\n")
    return found
