"""What a scripted server can do to a question; each act writes to one connection."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

REFUSED_IMAGE = "cannot identify image file (data:image/png;base64,QUJD)"
LIMITED_SECONDS = 0.05


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A request: the question's name in its text, how often it came by now, and all it held."""

    name: str
    times: int
    body: bytes
    headers: dict[str, str]

    @property
    def json(self) -> dict[str, Any]:
        """The request, read."""
        read: dict[str, Any] = json.loads(self.body)
        return read


def text_for(name: str) -> str:
    """Return the answer to the question of that name, as the tests expect it."""
    return json.dumps({"id": name, "text": f"they share {name}"})


def completion(text: str, finish: str = "stop") -> bytes:
    """Return the body of an answer."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text},
              "finish_reason": finish}  # fmt: skip
    usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    return json.dumps({"id": "c", "object": "chat.completion", "model": "scripted/one",
                       "choices": [choice], "usage": usage}).encode()  # fmt: skip


def reply(status: int, data: bytes, kind: str = "application/json", more: str = "") -> bytes:
    """Return a whole HTTP reply."""
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\n{more}"
    return head.encode() + b"\r\n" + data


def failure(status: int, message: str, more: str = "") -> bytes:
    """Return an error as vLLM words it."""
    said = {"error": {"message": message, "type": "X", "param": None, "code": status}}
    return reply(status, json.dumps(said).encode(), more=more)


Act = Callable[[Heard, asyncio.Transport], Awaitable[None]]


def say(build: Callable[[Heard], bytes]) -> Act:
    """Return an act that sends one reply at once."""

    async def act(heard: Heard, transport: asyncio.Transport) -> None:
        transport.write(build(heard))

    return act


def drop(pause: float) -> Act:
    """Return an act that sends an answer in many small pieces."""

    async def act(heard: Heard, transport: asyncio.Transport) -> None:
        data = reply(200, completion(text_for(heard.name)))
        for start in range(0, len(data), 40):
            transport.write(data[start : start + 40])
            await asyncio.sleep(pause)

    return act


async def reset(heard: Heard, transport: asyncio.Transport) -> None:
    """Cut the connection in the middle of the body."""
    transport.write(reply(200, completion(text_for(heard.name)))[:-30])
    await asyncio.sleep(0)
    transport.abort()


async def hang_up(heard: Heard, transport: asyncio.Transport) -> None:
    """Cut the connection without a word."""
    transport.abort()


async def silence(heard: Heard, transport: asyncio.Transport) -> None:
    """Say nothing, and keep the connection."""


ACTS: dict[str, Act] = {
    "answer": say(lambda heard: reply(200, completion(text_for(heard.name)))),
    "garbage": say(lambda heard: reply(200, completion(f"Sure! Here is {heard.name}: {{"))),
    "truncated": say(lambda heard: reply(200, completion(text_for(heard.name)[:9], "length"))),
    "malformed": say(lambda _: reply(200, b'{"choices": [{"message"')),
    "strange": say(lambda _: reply(200, b'{"choices": []}')),
    "wrong_type": say(lambda _: reply(200, b"<html>hello</html>", kind="text/html")),
    "huge": say(lambda _: reply(200, completion("a" * 200_000))),
    "filtered": say(lambda _: reply(200, completion("", "content_filter"))),
    "limited": say(lambda _: failure(429, "slow down", more=f"Retry-After: {LIMITED_SECONDS}\r\n")),
    "error": say(lambda _: failure(500, "internal")),
    "busy": say(lambda _: failure(503, "loading")),
    "refused_image": say(lambda _: failure(400, REFUSED_IMAGE)),
    "denied": say(lambda heard: failure(401, f"bad key {heard.headers.get('authorization')}")),
    "no_model": say(
        lambda heard: failure(404, f"The model `{heard.json['model']}` does not exist.")
    ),
    "no_path": say(lambda _: reply(404, b'{"detail":"Not Found"}')),
    "moved": say(lambda _: reply(307, b"", more="Location: http://127.0.0.1:1/v1\r\n")),
    "not_http": say(lambda _: b"SSH-2.0-hello\r\n\r\n"),
    "drip": drop(0.005),
    "crawl": drop(0.2),
    "reset": reset,
    "hang_up": hang_up,
    "silence": silence,
}
"""By name, as questions ask for them."""
