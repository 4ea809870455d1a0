"""Put a face on gRPC: every call of it through the desk, health open, reflection behind the key.

Knows grpc.aio; knows no service.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import grpc
from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1._async import HealthServicer
from grpc_reflection.v1alpha import reflection

from pairmill.core.errors import ConfigError
from pairmill.serving.desk import Call, Desk
from pairmill.serving.face import Face
from pairmill.serving.faults import CallError, status_of
from pairmill.settings import ServerSettings

HEALTH = "grpc.health.v1.Health"
CONNECTION_AGE_SECONDS = 600
"""Then a client is asked to connect anew, and may reach a younger replica; streams go on."""


class GrpcSide:
    """One face's gRPC server and its health."""

    def __init__(self, face: Face, desk: Desk) -> None:
        self._face = face
        self.health = HealthServicer()
        self._server = aio.server(interceptors=[_Guard(face, desk)],
                                  options=_options(desk.settings))  # fmt: skip
        face.add(face.servicer, self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self.health, self._server)
        names = (face.service, HEALTH, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, self._server)

    async def start(self, settings: ServerSettings) -> int:
        """Begin to serve; return the port. ConfigError where it cannot be had."""
        await self.set_ready(ready=False)
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        try:
            port = self._server.add_insecure_port(f"{host}:{settings.port}")
        except RuntimeError:
            raise ConfigError(
                f"{host}:{settings.port}: gRPC cannot listen there; is the port taken?"
            ) from None
        await self._server.start()
        return int(port)

    async def set_ready(self, *, ready: bool) -> None:
        """Tell health checks."""
        states = health_pb2.HealthCheckResponse
        state = states.SERVING if ready else states.NOT_SERVING
        for name in ("", self._face.service):
            await self.health.set(name, state)

    async def stop(self, grace_seconds: float) -> None:
        """Take no more calls, and let those inside end within the grace."""
        await self._server.stop(grace_seconds)


class _Guard(aio.ServerInterceptor):  # type: ignore[misc]
    """Wraps the face's handlers."""

    def __init__(self, face: Face, desk: Desk) -> None:
        self._face, self._desk = face, desk

    async def intercept_service(
        self, continuation: Callable[[Any], Awaitable[Any]], details: Any
    ) -> Any:
        """Return the handler of a call, guarded unless it asks for health."""
        handler = await continuation(details)
        service, _, method = details.method.removeprefix("/").partition("/")
        if handler is None or service == HEALTH:
            return handler
        admit = service == self._face.service

        @asynccontextmanager
        async def passing(context: Any) -> AsyncIterator[None]:
            metadata = {k: v for k, v in details.invocation_metadata if isinstance(v, str)}
            stream = handler.request_streaming or handler.response_streaming
            call = Call(method=method, metadata=metadata, stream=stream,
                        seconds_left=context.time_remaining())  # fmt: skip
            try:
                if admit:
                    async with self._desk.serve(call):
                        yield
                else:
                    self._desk.check_key(metadata)
                    yield
            except CallError as fault:
                await _abort(context, fault)

        return _wrapped(handler, passing)


def _wrapped(handler: Any, passing: Callable[[Any], Any]) -> Any:
    """Return a handler of the same kind that passes the desk first."""
    ins = "stream" if handler.request_streaming else "unary"
    outs = "stream" if handler.response_streaming else "unary"
    inner = getattr(handler, f"{ins}_{outs}")

    async def one(request: Any, context: Any) -> Any:
        async with passing(context):
            return await inner(request, context)

    async def many(request: Any, context: Any) -> AsyncIterator[Any]:
        async with passing(context):
            async for answer in inner(request, context):
                yield answer

    make = getattr(grpc, f"{ins}_{outs}_rpc_method_handler")
    return make(many if outs == "stream" else one,
                request_deserializer=handler.request_deserializer,
                response_serializer=handler.response_serializer)  # fmt: skip


async def _abort(context: Any, fault: CallError) -> None:
    details = cast("bytes", status_of(fault).SerializeToString())
    await context.abort(fault.code, fault.message, (("grpc-status-details-bin", details),))


def _options(settings: ServerSettings) -> list[tuple[str, int]]:
    """Clients may ping every ten seconds; two servers never share a port unawares."""
    return [
        ("grpc.max_receive_message_length", settings.max_message_bytes),
        ("grpc.max_send_message_length", settings.max_message_bytes),
        ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.max_connection_age_ms", CONNECTION_AGE_SECONDS * 1000),
        ("grpc.so_reuseport", 0),
    ]
