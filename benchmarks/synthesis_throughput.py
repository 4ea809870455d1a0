"""Kept answers a second through the chat client, against what a scripted server can give at all.

The server, a process of its own, takes a fixed time for an answer, so that its capacity at a given
concurrency is known; what the machine makes of it is measured by a client that does nothing but
write and read, before and after, with the same bytes. PAIRMILL_BENCH_ASKS makes it shorter.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from pairmill.adapters.chat.openai import OpenAIChat
from pairmill.adapters.chat.openai_messages import body_of
from pairmill.config.chat import ChatConfig
from pairmill.ports.chat import Answer, Ask, Picture, Turn

GOALS = {"ratio": "≥ 0.95", "lost": "0", "doubled": "0", "peak_memory_growth": "≤ 1.05"}
NUM = int(os.environ.get("PAIRMILL_BENCH_ASKS", 100_000))
CONCURRENCY, SERVICE_SECONDS = 64, 0.05
"""Questions at once, and the server's time for one: 1,280 answers a second at best."""
WORDS = 150
PICTURE_BYTES = 24 * 1024
SCHEMA = {
    "type": "object", "additionalProperties": False, "required": ["id", "text"],
    "properties": {"id": {"type": "string"}, "text": {"type": "string"}},
}  # fmt: skip
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


def measure() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the figures and what stands behind them."""
    with scripted_server() as port:
        config = ChatConfig(
            base_url=f"http://127.0.0.1:{port}/v1", model="scripted/one", concurrency=CONCURRENCY
        )
        plain = against_capacity(config, NUM, pictures=0)
        pictured = against_capacity(config, NUM // 10, pictures=2)
    figures = {name: plain.pop(name) for name in GOALS}
    details = {
        "asks": NUM, "concurrency": CONCURRENCY, "service_seconds": SERVICE_SECONDS, **plain,
        "with_two_pictures": {"asks": NUM // 10, "picture_bytes": PICTURE_BYTES, **pictured},
    }  # fmt: skip
    return figures, details


@contextmanager
def scripted_server() -> Iterator[int]:
    """Run the server; yield its port."""
    command = [sys.executable, "-m", "tests.pairmill.adapters.chat.scripted_server",
               "--seconds", str(SERVICE_SECONDS)]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        try:
            yield int(server.stdout.readline())
        finally:
            server.kill()


def against_capacity(config: ChatConfig, num: int, pictures: int) -> dict[str, Any]:
    """Return the client's rate in the server's, what was lost or doubled, and memory's growth."""
    part = max(num // 10, 2 * CONCURRENCY)
    before = bare_rate(config, part, pictures)
    asked = through_chat(config, num, pictures)
    after = bare_rate(config, part, pictures)
    capacity = (before + after) / 2
    return {
        "ratio": round(asked["kept_per_second"] / capacity, 3), **asked,
        "capacity_per_second": [round(before, 1), round(after, 1)],
        "capacity_by_arithmetic": CONCURRENCY / SERVICE_SECONDS,
    }  # fmt: skip


def asks(num: int, pictures: int) -> Iterator[Ask]:
    """Yield questions of a usual size, one by one."""
    text = "What do the two have in common, and where do they differ? " * (WORDS // 12)
    parts = [Picture(data=bytes([65 + i]) * PICTURE_BYTES) for i in range(pictures)]
    for i in range(num):
        turn = Turn(role="user", parts=(f"#q{i} {text}", *parts))
        yield Ask(ask_id=f"q{i}", turns=(turn,), schema=SCHEMA)


def through_chat(config: ChatConfig, num: int, pictures: int) -> dict[str, Any]:
    """Return the rate of answers that were kept, how each question fared, and memory."""
    chat, times, peaks = OpenAIChat(config), bytearray(num), [0] * 10
    for _ in chat.answer(asks(max(num // 10, CONCURRENCY), pictures)):
        pass  # a warm-up: code is loaded, and memory taken that is needed at all times
    kept, began, processor = 0, time.perf_counter(), time.process_time()
    for number, (ask, outcome) in enumerate(chat.answer(asks(num, pictures))):
        times[int(ask.ask_id[1:])] += 1
        kept += isinstance(outcome, Answer) and json.loads(outcome.text)["id"] == ask.ask_id
        tenth = min(10 * number // num, 9)
        peaks[tenth] = max(peaks[tenth], resident_bytes())
    seconds = time.perf_counter() - began
    return {
        "kept_per_second": round(kept / seconds, 1), "lost": num - kept,
        "doubled": sum(count > 1 for count in times),
        "peak_memory_growth": round(peaks[-1] / peaks[0], 3),
        "peak_mib_by_tenth": [round(peak / 2**20, 1) for peak in peaks],
        "processor_us_per_ask": round(1e6 * (time.process_time() - processor) / num),
    }  # fmt: skip


def resident_bytes() -> int:
    """Return the memory that this process holds now."""
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def bare_rate(config: ChatConfig, num: int, pictures: int) -> float:
    """Return the answers a second of a client that only writes requests and reads replies."""
    port = int(config.base_url.rpartition(":")[2].partition("/")[0])
    requests = (request_of(body_of(ask, config, formatted=True)) for ask in asks(num, pictures))
    began = time.perf_counter()
    asyncio.run(_bare(port, requests))
    return num / (time.perf_counter() - began)


def request_of(body: bytes) -> bytes:
    """Return the bytes of a request."""
    head = (f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n")  # fmt: skip
    return head.encode() + body


async def _bare(port: int, requests: Iterable[bytes]) -> None:
    shared = iter(requests)

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request in shared:
            writer.write(request)
            found = LENGTH.search(await reader.readuntil(b"\r\n\r\n"))
            assert found is not None
            json.loads(await reader.readexactly(int(found[1])))
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(connection() for _ in range(CONCURRENCY)))
