"""A scripted chat server: real HTTP on loopback, and each question says what shall be done to it.

A question's text holds `#NAME`, and if wanted `[ACT,ACT,…]`: what the first request of that name
gets, the second, and so on; the last act goes for all that follow. Also a program, which prints its
port: `python -m tests.pairmill.adapters.chat.scripted_server --seconds 0.05`.
"""

import argparse
import asyncio
import re
import socket
import threading
from collections import Counter, deque
from collections.abc import Coroutine
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from tests.pairmill.adapters.chat.scripted_acts import ACTS, Heard, failure

HOST = "127.0.0.1"
ASKED = re.compile(rb"#([\w-]+)(?: \[([\w,]+)\])?")


@dataclass(frozen=True, kw_only=True)
class Script:
    """How the server is as a whole.

    seconds: until an act begins, as if it were computed. cold: for so long connections are refused;
    loading: after that all get the act `meanwhile` for so long. key: wanted of everyone. formats:
    whether it takes `response_format`.
    """

    seconds: float = 0.0
    cold: float = 0.0
    loading: float = 0.0
    meanwhile: str = "busy"
    key: str = ""
    formats: bool = True


class ScriptedServer:
    """A server in a thread of its own; use it as a context."""

    def __init__(self, script: Script | None = None) -> None:
        self.script = script or Script()
        self.asked = Counter[str]()
        """Requests by the name of their question."""
        self.heard = deque[Heard](maxlen=1000)
        """The last requests."""
        self.in_flight = self.most_in_flight = 0
        self._socket = _bound(0)
        self.port: int = self._socket.getsockname()[1]
        self._wires = set[asyncio.Transport]()
        self._tasks = set[asyncio.Task[None]]()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self.serve, daemon=True)

    @property
    def url(self) -> str:
        """Its address, as a configuration has it."""
        return f"http://{HOST}:{self.port}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def serve(self) -> None:
        """Serve until told to stop."""
        asyncio.run(self._serve())

    def restart(self, away: float) -> None:
        """Cut all connections and refuse new ones for so many seconds."""
        asyncio.run_coroutine_threadsafe(self._restart(away), self._loop).result()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._opens = self._loop.time() + self.script.cold
        opening = self._loop.create_task(self._open(self.script.cold))
        if not self.script.cold:
            await opening
        self._ready.set()
        await self._stop.wait()
        opening.cancel()
        await self._close()

    async def _open(self, after: float) -> None:
        await asyncio.sleep(after)
        self._opens = self._loop.time()
        self._server = await self._loop.create_server(lambda: _Wire(self), sock=self._socket)

    async def _close(self) -> None:
        if hasattr(self, "_server"):
            self._loop.remove_reader(self._socket)
            await asyncio.sleep(0)  # what was taken in just now wants its server open
            self._server.close()
        self._socket.close()
        for task in list(self._tasks - {asyncio.current_task()}):
            task.cancel()
        for _ in range(5):  # one that was just taken in appears a turn later
            for wire in list(self._wires):
                wire.abort()
            await asyncio.sleep(0)

    async def _restart(self, away: float) -> None:
        await self._close()
        self._socket = _bound(self.port)
        self._keep(self._open(away))

    def took(self, wire: asyncio.Transport, headers: dict[str, str], body: bytes) -> None:
        """Do what the request asks for."""
        found = ASKED.search(body)
        name, acts = (found[1].decode(), found[2] or b"") if found else ("", b"")
        self.asked[name] += 1
        heard = Heard(name=name, times=self.asked[name], body=body, headers=headers)
        self.heard.append(heard)
        plan = acts.decode().split(",") if acts else ["answer"]
        self._keep(self._act(plan[min(heard.times, len(plan)) - 1], heard, wire))

    async def _act(self, act: str, heard: Heard, wire: asyncio.Transport) -> None:
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            if self.script.seconds:
                await asyncio.sleep(self.script.seconds)
            no = self._no_to_all(heard)
            if self._loop.time() < self._opens + self.script.loading:
                await ACTS[self.script.meanwhile](heard, wire)
            elif no:
                wire.write(no)
            else:
                await ACTS[act](heard, wire)
        finally:
            self.in_flight -= 1

    def _no_to_all(self, heard: Heard) -> bytes:
        if self.script.key and heard.headers.get("authorization") != f"Bearer {self.script.key}":
            return failure(401, f"Incorrect API key: {heard.headers.get('authorization')}")
        if not self.script.formats and b'"response_format"' in heard.body:
            return failure(400, "'response_format.type' must be 'text'")
        return b""

    def _keep(self, work: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def wired(self, wire: asyncio.Transport, here: bool) -> None:
        """Note that a connection came or went."""
        (self._wires.add if here else self._wires.discard)(wire)


class _Wire(asyncio.Protocol):
    """One connection: reads requests one after another."""

    def __init__(self, server: ScriptedServer) -> None:
        self._server, self._data = server, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.wired(transport, True)

    def connection_lost(self, error: Exception | None) -> None:
        self._server.wired(self._transport, False)

    def data_received(self, data: bytes) -> None:
        self._data += data
        if not self._data.startswith(b"POST"):  # a TLS greeting
            self._transport.write(b"HTTP/1.1 400 Bad\r\n\r\n")
            self._transport.close()
            return
        head, end, rest = self._data.partition(b"\r\n\r\n")
        if not end:
            return
        lines = [line.partition(":") for line in head.decode().split("\r\n")[1:]]
        headers = {name.lower(): value.strip() for name, _, value in lines}
        length = int(headers["content-length"])
        if len(rest) >= length:
            self._data = rest[length:]
            self._server.took(self._transport, headers, rest[:length])


def _bound(port: int) -> socket.socket:
    """Return a socket that holds a port and refuses connections until it listens."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((HOST, port))
    return made


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=0.0)
    server = ScriptedServer(Script(seconds=parser.parse_args().seconds))
    print(server.port, flush=True)
    server.serve()


if __name__ == "__main__":
    main()
