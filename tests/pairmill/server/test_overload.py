"""Twice the load that a server can take: what is let in is answered in time, the rest at once."""

import asyncio
import threading
import time
from typing import Any

import grpc

from pairmill.server import CallContext
from pairmill.settings import ServerSettings
from tests.pairmill.server.echo import Servicer, hosted, struct

SECONDS_A_CALL, DEADLINE, SECONDS = 0.01, 0.5, 4.0


class OneAtATime(Servicer):
    """A servicer whose model takes one call after the other, 100 a second."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()

    async def Ask(self, request: Any, context: CallContext) -> Any:  # noqa: N802
        def model() -> None:
            with self.lock:
                time.sleep(SECONDS_A_CALL)

        await asyncio.get_running_loop().run_in_executor(None, model)
        return request


def test_at_twice_the_load_nearly_all_that_can_be_answered_is() -> None:
    settings = ServerSettings(max_in_flight=32, grace_seconds=5)
    with hosted(OneAtATime(), settings) as served:
        for _ in range(20):
            served.ask(timeout=5)
        start = time.monotonic()
        calls: list[Any] = []
        while (now := time.monotonic() - start) < SECONDS:  # an open loop: it waits for nobody
            if len(calls) < now * 2 / SECONDS_A_CALL:
                calls.append(served.method("Ask").future(struct(n=1), timeout=DEADLINE))
            else:
                time.sleep(0.001)
        codes = [call.code() for call in calls]
        assert codes.count(grpc.StatusCode.OK) >= 0.8 * SECONDS / SECONDS_A_CALL
        refused = grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.DEADLINE_EXCEEDED
        assert set(codes) <= {grpc.StatusCode.OK, *refused}
