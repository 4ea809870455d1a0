"""Start and stop the tests' own Qdrant, or name one that runs. Knows no adapter and no test."""

import os
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

import grpc
from pydantic import SecretStr
from qdrant_client import grpc as wire

from pairmill.adapters.vectors.qdrant_messages import PREFIX
from pairmill.settings import QdrantSettings
from tests.servers.processes import HOST, Server, free_port

PROGRAM = Path(__file__).with_name("server.py")


class AnyQdrant(Protocol):
    """A Qdrant that runs, somebody's or our own."""

    def settings(self) -> QdrantSettings:
        """Return the settings that lead there."""
        ...


@dataclass
class NamedQdrant:
    """A Qdrant that somebody else runs: `host:port` of its gRPC, and its key.

    A context manager that drops, at its end, the collections that came in between and are ours.
    """

    address: str
    api_key: str = ""

    def settings(self) -> QdrantSettings:
        """Return the settings that lead there."""
        host, _, port = self.address.rpartition(":")
        return QdrantSettings(host=host, port=int(port), api_key=SecretStr(self.api_key))

    def __enter__(self) -> Self:
        self._before = self._collections()
        return self

    def __exit__(self, *exception: object) -> None:
        for name in self._collections() - self._before:
            self._call("Delete", wire.DeleteCollection(collection_name=name))

    def _collections(self) -> frozenset[str]:
        listed = self._call("List", wire.ListCollectionsRequest()).collections
        return frozenset(c.name for c in listed if c.name.startswith(PREFIX))

    def _call(self, method: str, request: Any) -> Any:
        metadata = (("api-key", self.api_key),) if self.api_key else ()
        with grpc.insecure_channel(self.address) as channel:
            call = getattr(wire.CollectionsStub(channel), method)
            return call(request, metadata=metadata, timeout=60)


class QdrantServer(Server):
    """Our own Qdrant over Qdrant Edge; what it holds outlives a kill.

    flags: further ones of server.py, such as `--index-kb 10`.
    """

    api_key = "a-qdrant-key"

    def __init__(self, folder: Path, *, port: int = 0, flags: Sequence[str] = ()) -> None:
        super().__init__(folder, port=port)
        self._flags = flags
        self._http_port = free_port()

    def command(self) -> Sequence[str]:
        """Return what is run."""
        return [
            sys.executable, str(PROGRAM), "--port", str(self.port),
            "--folder", str(self.folder / "data"), *self._flags,
        ]  # fmt: skip

    def environment(self) -> Mapping[str, str]:
        """Return the variables of a Qdrant server; the key goes here, where no list shows it."""
        service = "QDRANT__SERVICE__"
        return os.environ | {
            service + "API_KEY": self.api_key, service + "HTTP_PORT": str(self._http_port)
        }  # fmt: skip

    def ready(self) -> bool:
        """Say whether it answers."""
        try:
            with urllib.request.urlopen(f"{self.http}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    @property
    def http(self) -> str:
        """The address of its probes."""
        return f"http://{HOST}:{self._http_port}"

    def settings(self) -> QdrantSettings:
        """Return the settings that lead here."""
        return QdrantSettings(
            host=HOST, port=self.port, api_key=SecretStr(self.api_key), timeout_seconds=20
        )
