"""The gRPC shell that gateway and retriever share: one face on gRPC and HTTP, until told to stop.

Health, reflection, admission, deadlines, API key, errors, figures and a graceful stop are here;
knows no service. This module is the one entrance to `pairmill.serving`.
"""

import asyncio
import ipaddress
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass

import uvicorn

from pairmill.core.errors import ConfigError
from pairmill.serving.desk import Desk
from pairmill.serving.face import CallContext, Face
from pairmill.serving.faults import CallError, fault_of
from pairmill.serving.grpc_side import GrpcSide
from pairmill.serving.http_side import make_app
from pairmill.settings import ServerSettings
from pairmill.telemetry import event

__all__ = ["CallContext", "CallError", "Face", "Ports", "fault_of", "host", "serve"]

BACKLOG = 128
LOOK_SECONDS = 0.25
"""How soon health checks hear that a service has become ready."""


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Where a face can be reached."""

    grpc: int
    http: int


def serve(face: Face, settings: ServerSettings) -> None:
    """Serve until SIGTERM or SIGINT, then answer what is inside and return.

    Raises ConfigError where the address must not or cannot be had.
    """
    asyncio.run(_until_signal(face, settings))


async def _until_signal(face: Face, settings: ServerSettings) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with host(face, settings) as ports:
        event("serving", service=face.service, host=settings.host, grpc_port=ports.grpc,
              http_port=ports.http)  # fmt: skip
        await stop.wait()


@asynccontextmanager
async def host(face: Face, settings: ServerSettings) -> AsyncIterator[Ports]:
    """Serve a face while the block runs; leaving it drains.

    Health turns first, then, `drain_seconds` later, new calls are refused, and those inside
    have `grace_seconds` to end.
    """
    check_address(settings)
    desk, draining = Desk(settings), asyncio.Event()
    grpc_side = GrpcSide(face, desk)

    def ready() -> bool:
        return not draining.is_set() and face.ready()

    async with face.lifespan():
        listener = _listen(settings)
        http = _Http(uvicorn.Config(
            make_app(face, desk, ready), lifespan="off", log_config=None, log_level="critical",
            access_log=False, timeout_graceful_shutdown=round(settings.grace_seconds) or 1,
        ))  # fmt: skip
        try:
            ports = Ports(grpc=await grpc_side.start(settings), http=listener.getsockname()[1])
        except BaseException:
            listener.close()
            await grpc_side.stop(0)
            raise
        served = asyncio.create_task(http.serve(sockets=[listener]))
        looking = asyncio.create_task(_tell_health(grpc_side, ready))
        try:
            yield ports
        finally:
            draining.set()
            await grpc_side.health.enter_graceful_shutdown()
            await asyncio.sleep(settings.drain_seconds)
            http.should_exit = True
            await asyncio.gather(grpc_side.stop(settings.grace_seconds), served)
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking


def check_address(settings: ServerSettings) -> None:
    """Refuse an address that others can reach, unless a key or `insecure` is set."""
    host = settings.host
    try:
        own = ipaddress.ip_address(host).is_loopback
    except ValueError:
        own = host == "localhost"
    if not own and not settings.insecure and not settings.api_key.get_secret_value():
        raise ConfigError(
            f"server host {host!r} can be reached by others, and no API key is set: set "
            "PAIRMILL_SERVER__API_KEY, or PAIRMILL_SERVER__INSECURE=true if something else guards "
            "it, or use 127.0.0.1"
        )


class _Http(uvicorn.Server):
    """uvicorn without hands on the process's signals: the shell stops it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take none."""
        yield


def _listen(settings: ServerSettings) -> socket.socket:
    """Return a bound socket, so that the port is known before anything is served."""
    try:
        found = socket.getaddrinfo(settings.host, settings.http_port, type=socket.SOCK_STREAM)
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ConfigError(f"{settings.host}: no such address: {error}") from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"{settings.host}:{settings.http_port}: HTTP cannot listen there: {error}"
        ) from None
    return listener


async def _tell_health(side: GrpcSide, ready: Callable[[], bool]) -> None:
    told = False
    while True:
        if ready() != told:
            told = not told
            await side.set_ready(ready=told)
        await asyncio.sleep(LOOK_SECONDS)
