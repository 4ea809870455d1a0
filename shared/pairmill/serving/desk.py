"""Every call passes here, whatever it came by: key, admission, deadline, errors, figures.

Knows no transport: it is told a method's name, what came with the call, and the time left.
"""

import asyncio
import hmac
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import grpc

from pairmill.serving.admission import Admission
from pairmill.serving.faults import CallError, fault_of
from pairmill.serving.figures import Figures
from pairmill.settings import ServerSettings


@dataclass(frozen=True, kw_only=True)
class Call:
    """What is known of a call before its message. metadata: names in small letters.

    seconds_left: until its deadline; None without one.
    """

    method: str
    metadata: Mapping[str, str]
    seconds_left: float | None = None
    stream: bool = False


@dataclass(frozen=True)
class Desk:
    """Lets calls in and tells callers what went wrong."""

    settings: ServerSettings
    figures: Figures = field(default_factory=Figures)
    admission: Admission = field(init=False)

    def __post_init__(self) -> None:
        """Open with all places free."""
        object.__setattr__(self, "admission", Admission(self.settings.max_in_flight))

    @asynccontextmanager
    async def serve(self, call: Call) -> AsyncIterator[None]:
        """Hold a call's place while the block does it; whatever goes wrong becomes a CallError."""
        start, code = time.monotonic(), "OK"
        try:
            self.check_key(call.metadata)
            with self.admission.admit(call.method, call.seconds_left, stream=call.stream):
                self.figures.inside.inc()
                try:
                    yield
                finally:
                    self.figures.inside.dec()
        except Exception as error:
            fault = fault_of(error, call.method)
            code = fault.code.name
            if fault.reason in ("QUEUE_FULL", "TOO_LATE", "WRONG_KEY"):
                self.figures.refused.labels(fault.reason).inc()
            raise fault from error
        except (asyncio.CancelledError, GeneratorExit):
            code = "CANCELLED"
            raise
        finally:
            self.figures.calls.labels(call.method, code).inc()
            self.figures.seconds.labels(call.method).observe(time.monotonic() - start)

    def check_key(self, metadata: Mapping[str, str]) -> None:
        """Raise CallError unless the call brings the key, where one is set."""
        wanted = self.settings.api_key.get_secret_value().encode()
        if not wanted:
            return
        bearer = metadata.get("authorization", "")
        given = bearer[7:] if bearer[:7].lower() == "bearer " else metadata.get("x-api-key", "")
        if not hmac.compare_digest(given.strip().encode(), wanted):
            raise CallError(
                grpc.StatusCode.UNAUTHENTICATED, "WRONG_KEY",
                f"got {'another' if given else 'no'} API key: send it as "
                "`authorization: Bearer KEY` or `x-api-key: KEY`",
            )  # fmt: skip
