"""Where a local site listens, and its secrets. Knows ports and files; starts nothing."""

import json
import secrets
import socket
from dataclasses import asdict, dataclass
from pathlib import Path

LAYOUT = "layout.json"


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
    """Return a layout of ports that nobody listens on now."""
    names = [name for name, kind in Layout.__annotations__.items() if kind is int]
    held = [socket.socket() for _ in range(len(names) + 20)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    numbers = sorted(one.getsockname()[1] for one in held)
    for one in held:
        one.close()
    return Layout(**dict(zip(names, numbers, strict=False)), password=secrets.token_urlsafe(24))


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
