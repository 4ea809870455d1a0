"""Put a face on HTTP: the same methods as JSON, probes and figures. Knows Starlette; no service.

A method is `POST /<full.Service>/<Method>` with a message as JSON, as the Connect protocol has it
(https://connectrpc.com/docs/protocol); one that answers with a stream gives JSON lines, the last
of which may be `{"error": …}`. A method that takes a stream is gRPC's alone.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from pairmill.serving.desk import Call, Desk
from pairmill.serving.face import Face
from pairmill.serving.faults import CallError
from pairmill.serving.json_form import error_json, http_status, parse, to_json
from pairmill.serving.request import HttpContext, read_body

JSON, LINES = "application/json", "application/x-ndjson"


def make_app(face: Face, desk: Desk, ready: Callable[[], bool]) -> Starlette:
    """Return the ASGI application of a face."""
    side = _HttpSide(face, desk)

    async def live(_: Request) -> Response:
        return PlainTextResponse("live\n")

    async def is_ready(_: Request) -> Response:
        fine = ready()
        return PlainTextResponse("ready\n" if fine else "not ready\n", 200 if fine else 503)

    async def metrics(_: Request) -> Response:
        text = generate_latest(desk.figures.registry) + generate_latest(face.registry)
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    probes = {"/live": live, "/ready": is_ready, "/metrics": metrics}
    routes = [Route(path, does, methods=["GET"]) for path, does in probes.items()]
    methods = Route(f"/{face.service}/{{method}}", side.call, methods=["POST"])
    return Starlette(routes=[*routes, methods, *face.routes])


class _HttpSide:
    """Does one face's calls."""

    def __init__(self, face: Face, desk: Desk) -> None:
        self._face, self._desk = face, desk

    async def call(self, request: Request) -> Response:
        """Do one call; an error is JSON with the HTTP status of its code."""
        try:
            method = self._method(request.path_params["method"])
            if method.server_streaming:
                return await self._many(method, request)
            return await self._one(method, request)
        except CallError as fault:
            return _failed(fault)

    def _method(self, name: str) -> Any:
        found = self._face.descriptor.methods_by_name.get(name)
        if found is None or found.client_streaming:
            why = "takes a stream: call it over gRPC" if found else "is not one of its methods"
            raise CallError(grpc.StatusCode.UNIMPLEMENTED, "NO_SUCH_METHOD",
                            f"{self._face.service}: {name} {why}")  # fmt: skip
        return found

    async def _one(self, method: Any, request: Request) -> Response:
        context = HttpContext(request)
        async with self._desk.serve(_call(method, context)):
            async with asyncio.timeout(context.time_remaining()):
                message = await self._message(method, request)
                answer = await getattr(self._face.servicer, method.name)(message, context)
        return Response(to_json(answer), media_type=JSON)

    async def _many(self, method: Any, request: Request) -> Response:
        """Answer with an error of its own as long as nothing was sent."""
        answers = self._answers(method, request)
        try:
            first = await anext(answers)
        except StopAsyncIteration:
            return Response(b"", media_type=LINES)
        return StreamingResponse(_lines(first, answers), media_type=LINES)

    async def _answers(self, method: Any, request: Request) -> AsyncIterator[bytes]:
        context = HttpContext(request)
        async with self._desk.serve(_call(method, context)):
            async with asyncio.timeout(context.time_remaining()):
                message = await self._message(method, request)
                async for answer in getattr(self._face.servicer, method.name)(message, context):
                    yield to_json(answer) + b"\n"

    async def _message(self, method: Any, request: Request) -> Any:
        # JSON carries bytes as base64, four characters for three of them
        limit = self._desk.settings.max_message_bytes * 4 // 3 + 1024
        return parse(method.input_type, await read_body(request, limit))


async def _lines(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    try:
        async for line in rest:
            yield line
    except CallError as fault:
        yield b'{"error":' + error_json(fault) + b"}\n"


def _call(method: Any, context: HttpContext) -> Call:
    return Call(method=method.name, metadata=dict(context.invocation_metadata()),
                seconds_left=context.time_remaining(),
                stream=method.server_streaming)  # fmt: skip


def _failed(fault: CallError) -> Response:
    wait = math.ceil(fault.retry_seconds)
    headers = {"Retry-After": str(wait)} if wait else {}
    return Response(error_json(fault), http_status(fault), headers, JSON)
