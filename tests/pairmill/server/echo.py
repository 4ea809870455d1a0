"""A small service over the shell, on real sockets in a thread of its own."""

import asyncio
import json
import threading
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, struct_pb2

from pairmill.server import CallContext, Face, Ports, host
from pairmill.settings import ServerSettings

KINDS = {"Ask": (False, False), "Count": (False, True), "Echo": (True, True)}


def describe() -> Any:
    """Return the descriptor of `test.EchoService`: one method of each kind, of plain structs."""
    pool = descriptor_pool.Default()
    try:
        return pool.FindServiceByName("test.EchoService")
    except KeyError:
        pass
    file = descriptor_pb2.FileDescriptorProto(name="test/echo.proto", package="test",
                                              syntax="proto3")  # fmt: skip
    file.dependency.append(struct_pb2.DESCRIPTOR.name)
    service = file.service.add(name="EchoService")
    for name, (ins, outs) in KINDS.items():
        service.method.add(name=name, client_streaming=ins, server_streaming=outs,
                           input_type=".google.protobuf.Struct",
                           output_type=".google.protobuf.Struct")  # fmt: skip
    pool.Add(file)  # type: ignore[no-untyped-call,unused-ignore]
    return pool.FindServiceByName("test.EchoService")


def struct(**values: object) -> Any:
    made = struct_pb2.Struct()
    made.update(values)
    return made


def add(servicer: Any, server: Any) -> None:
    """Do what a generated `add_…_to_server` does."""
    codec = {"request_deserializer": struct_pb2.Struct.FromString,
             "response_serializer": struct_pb2.Struct.SerializeToString}  # fmt: skip
    handlers = {
        "Ask": grpc.unary_unary_rpc_method_handler(servicer.Ask, **codec),
        "Count": grpc.unary_stream_rpc_method_handler(servicer.Count, **codec),
        "Echo": grpc.stream_stream_rpc_method_handler(servicer.Echo, **codec),
    }
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("test.EchoService", handlers),)
    )


@dataclass
class Servicer:
    """Answers what it is asked, slowly or with an error where a test says so."""

    seconds: float = 0.0
    error: Exception | None = None
    asked: list[str] = field(default_factory=list)
    inside: int = 0

    async def Ask(self, request: Any, context: CallContext) -> Any:
        self.asked.append(dict(request).get("text", ""))
        self.inside += 1
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.inside -= 1
        if self.error:
            raise self.error
        return request

    async def Count(self, request: Any, context: CallContext) -> AsyncIterator[Any]:
        for number in range(int(dict(request)["to"])):
            yield struct(number=number)
            await asyncio.sleep(self.seconds)
        if self.error:
            raise self.error

    async def Echo(self, requests: AsyncIterator[Any], context: CallContext) -> AsyncIterator[Any]:
        async for request in requests:
            yield request


@dataclass
class Hosted:
    """A served face and how to reach it."""

    servicer: Servicer
    ports: Ports
    channel: grpc.Channel
    ready: list[bool]
    stop: Callable[[], None]

    def method(self, name: str) -> Any:
        ins, outs = KINDS[name]
        kind = f"{'stream' if ins else 'unary'}_{'stream' if outs else 'unary'}"
        return getattr(self.channel, kind)(
            f"/test.EchoService/{name}", struct_pb2.Struct.SerializeToString,
            struct_pb2.Struct.FromString,
        )  # fmt: skip

    def ask(self, **given: Any) -> Any:
        return self.method("Ask")(struct(text="hello"), **given)

    def http(
        self, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Return status and body of a request; POST where there is a body."""
        kind = {"content-type": "application/json"} if body is not None else {}
        request = urllib.request.Request(f"http://127.0.0.1:{self.ports.http}{path}", body,
                                         kind | (headers or {}))  # fmt: skip
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    def post(self, method: str, values: object, **headers: str) -> tuple[int, Any]:
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        body = json.dumps(values).encode()
        status, data = self.http(f"/test.EchoService/{method}", body, named)
        return status, json.loads(data)


@contextmanager
def hosted(servicer: Servicer, settings: ServerSettings) -> Generator[Hosted]:
    """Serve in a thread while the block runs."""
    ready, up, stop = [True], threading.Event(), threading.Event()
    found: list[Ports] = []
    face = Face(descriptor=describe(), servicer=servicer, add=add, ready=lambda: ready[0])

    async def run() -> None:
        async with host(face, settings) as ports:
            found.append(ports)
            up.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    try:
        assert up.wait(10)
        with grpc.insecure_channel(f"127.0.0.1:{found[0].grpc}") as channel:
            yield Hosted(servicer, found[0], channel, ready, stop.set)
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


SETTINGS = ServerSettings(max_in_flight=4, max_message_bytes=2**16, grace_seconds=5)
