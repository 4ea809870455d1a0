"""Call a Qdrant server over gRPC: channel, key, deadline, retries, errors. Knows no vector."""

import time
from typing import Any

import grpc
from qdrant_client import grpc as wire

from pairmill.core.errors import ConfigError, RetryError
from pairmill.settings import QdrantSettings

PAUSES = (0.2, 1.0, 3.0)
"""Seconds before each further try; a server that restarts is back within them."""
TRANSIENT = ("UNAVAILABLE", "DEADLINE_EXCEEDED", "ABORTED", "RESOURCE_EXHAUSTED")
REFUSED = ("UNAUTHENTICATED", "PERMISSION_DENIED")
TOO_OLD = ("UNIMPLEMENTED",)
WRONG = ("INVALID_ARGUMENT", "ALREADY_EXISTS", "OUT_OF_RANGE")
OPTIONS = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.enable_http_proxy", 0),
)
"""A server of one's own is not behind a proxy, and is asked again soon after it went."""


class QdrantCalls:
    """A channel to one server. What it answers with becomes a value or one of our errors.

    KeyError: no such collection. ValueError: a request that the server takes for wrong.
    ConfigError: it refuses the API key. RetryError: it is away, and stayed so over all tries.
    """

    def __init__(self, qdrant: QdrantSettings) -> None:
        self._where = f"Qdrant at {qdrant.host}:{qdrant.port}"
        self._seconds = qdrant.timeout_seconds
        key = qdrant.api_key.get_secret_value()
        self._metadata = (("api-key", key),) if key else ()
        address = f"{qdrant.host}:{qdrant.port}"
        if qdrant.tls:
            safe = grpc.ssl_channel_credentials()
            self._channel = grpc.secure_channel(address, safe, options=OPTIONS)
        else:
            self._channel = grpc.insecure_channel(address, options=OPTIONS)
        self.collections = wire.CollectionsStub(self._channel)
        self.points = wire.PointsStub(self._channel)

    def close(self) -> None:
        """Close the channel."""
        self._channel.close()

    def call(self, method: Any, request: Any) -> Any:
        """Return the server's answer, tried again while it is away."""
        for pause in PAUSES:
            try:
                return method(request, timeout=self._seconds, metadata=self._metadata)
            except grpc.RpcError as error:
                if error.code().name not in TRANSIENT:
                    raise self._translated(error) from None
            time.sleep(pause)
        try:
            return method(request, timeout=self._seconds, metadata=self._metadata)
        except grpc.RpcError as error:
            raise self._translated(error) from None

    def _translated(self, error: Any) -> Exception:
        code, said = error.code().name, f"{self._where}: {error.details()}"
        if code == "NOT_FOUND":
            return KeyError(said)
        if code in WRONG:
            return ValueError(said)
        if code in REFUSED:
            return ConfigError(
                f"{self._where} refuses the API key ({code}); wanted the server's own: set "
                "PAIRMILL_QDRANT__API_KEY"
            )
        if code in TOO_OLD:
            return ConfigError(f"{said} ({code}); wanted Qdrant 1.13 or newer: upgrade it")
        return RetryError(
            f"{said} ({code}); wanted an answer within {self._seconds:g} s: see whether it runs, "
            "and PAIRMILL_QDRANT__HOST, __PORT and __TLS"
        )
