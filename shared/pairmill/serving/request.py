"""Read one HTTP request as a call: its metadata, its deadline and its body, within bounds.

Knows Starlette's request; knows no method.
"""

import asyncio
import time

import grpc
from starlette.requests import ClientDisconnect, Request

from pairmill.serving.faults import CallError

BODY_SECONDS = 30.0
"""A body that trickles in more slowly is given up."""


class HttpContext:
    """Implements `CallContext` for a request; `Connect-Timeout-Ms` is its deadline."""

    def __init__(self, request: Request) -> None:
        self._metadata = tuple((k.lower(), v) for k, v in request.headers.items())
        stated = request.headers.get("connect-timeout-ms", "")
        if stated and not (stated.isascii() and stated.isdigit() and len(stated) <= 10):
            raise CallError(
                grpc.StatusCode.INVALID_ARGUMENT, "BAD_TIMEOUT",
                "Connect-Timeout-Ms: wanted milliseconds, of ten digits at most",
            )  # fmt: skip
        self._end = time.monotonic() + int(stated) / 1000 if stated else None

    def time_remaining(self) -> float | None:
        """Return the seconds until the deadline; None without one."""
        return None if self._end is None else self._end - time.monotonic()

    def invocation_metadata(self) -> tuple[tuple[str, str], ...]:
        """Return the headers, names in small letters."""
        return self._metadata


async def read_body(request: Request, limit: int) -> bytes:
    """Return the body of a JSON request.

    Raises CallError for another type of content, and for a body above the limit or too slow.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise CallError(
            grpc.StatusCode.INVALID_ARGUMENT, "BAD_CONTENT_TYPE",
            f"got content type {kind[:80]!r}, wanted application/json",
        )  # fmt: skip
    parts, size = [], 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                size += len(part)
                if size > limit:
                    raise CallError(
                        grpc.StatusCode.RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE",
                        f"got a body above {limit} bytes, which is the limit: send less",
                    )  # fmt: skip
                parts.append(part)
    except ClientDisconnect:
        raise CallError(grpc.StatusCode.CANCELLED, "GONE", "the caller has left") from None
    return b"".join(parts)
