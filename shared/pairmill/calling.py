"""Call a server of Pairmill over gRPC: channel, key, deadline, and errors in words.

Knows no service; `client_runs` and `client` stand on it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import grpc
from google.rpc.error_details_pb2 import ErrorInfo
from grpc_status import rpc_status

from pairmill.core.errors import PairmillError, RetryError, StopError

TLS = "https://"
MAX_MESSAGE_BYTES = 64 * 2**20
KEEPALIVE_MS = 30_000
"""Servers take a ping every ten seconds at most."""
LOST = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNKNOWN, grpc.StatusCode.CANCELLED)


class RefusedError(StopError):
    """The server refused a call, and the same call will be refused again.

    Args:
        code: gRPC's name of it, such as NOT_FOUND. reason: a stable name for programs.
    """

    def __init__(self, message: str, code: str, reason: str = "") -> None:
        super().__init__(message)
        self.code, self.reason = code, reason


class AwayError(RetryError):
    """Nobody answers there, or the server is too busy: the same call may succeed later.

    Args:
        code: gRPC's name of it. heard: whether a server said so itself.
    """

    def __init__(self, message: str, code: str, *, heard: bool = False) -> None:
        super().__init__(message)
        self.code, self.heard = code, heard


@dataclass(frozen=True, kw_only=True)
class Server:
    """Where a server is, and what opens it.

    address: `host:port`, or `https://host:port` for TLS. seconds: how long a call may take.
    """

    address: str
    api_key: str = ""
    seconds: float = 60.0

    def __repr__(self) -> str:
        return f"Server({self.address!r})"  # never the key

    def channel(self) -> grpc.Channel:
        """Open a channel; nothing is sent yet."""
        options = [
            ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
            ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
            ("grpc.keepalive_time_ms", KEEPALIVE_MS),
        ]
        if self.address.startswith(TLS):
            secure = grpc.ssl_channel_credentials()
            return grpc.secure_channel(self.address.removeprefix(TLS), secure, options)
        return grpc.insecure_channel(self.address.removeprefix("http://"), options)

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What goes with every call."""
        return (("authorization", f"Bearer {self.api_key}"),) if self.api_key else ()


class Caller:
    """A client of one service; close it, or use it as a context."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._channel = server.channel()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.close()

    def close(self) -> None:
        """Close the channel; calls under way end."""
        self._channel.close()

    def call(self, method: Any, request: Any, seconds: float = 0.0) -> Any:
        """Return the answer of a unary method.

        Raises RefusedError, and AwayError where trying again may help.
        """
        with errors_in_words(self.server):
            return method(request, timeout=seconds or self.server.seconds,
                          metadata=self.server.metadata)  # fmt: skip

    def stream(self, method: Any, requests: Any) -> Iterator[Any]:
        """Yield what a stream answers, without a deadline; leaving early ends the call."""
        with errors_in_words(self.server):
            answers = method(requests, metadata=self.server.metadata)
            try:
                yield from answers
            finally:
                answers.cancel()


@contextmanager
def errors_in_words(server: Server) -> Iterator[None]:
    """Turn what gRPC raises into RefusedError and AwayError."""
    try:
        yield
    except grpc.RpcError as error:
        raise in_words(error, server) from None


def in_words(error: grpc.RpcError, server: Server) -> PairmillError:
    """Return what a failed call means."""
    code, told = error.code(), str(error.details() or "")  # type: ignore[attr-defined,unused-ignore]
    reason = _reason(error)
    if code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED) and reason:
        return AwayError(told, code.name, heard=True)
    if reason:
        return RefusedError(told, code.name, reason)
    if code == grpc.StatusCode.DEADLINE_EXCEEDED:
        wait = f"no answer from {server.address} within {server.seconds:g} s: give it more time"
        return AwayError(wait, code.name)
    if code == grpc.StatusCode.UNIMPLEMENTED:
        other = "it serves something else, or is of another release"
        return RefusedError(f"the server at {server.address} has no such method: {other}",
                            code.name)  # fmt: skip
    if code in LOST:
        return AwayError(f"no server answers at {server.address} ({told})", code.name)
    return RefusedError(told or code.name, code.name)


def _reason(error: grpc.RpcError) -> str:
    status = rpc_status.from_call(error)
    for packed in status.details if status else ():
        info = ErrorInfo()
        if packed.Is(ErrorInfo.DESCRIPTOR) and packed.Unpack(info):
            return str(info.reason)
    return ""
