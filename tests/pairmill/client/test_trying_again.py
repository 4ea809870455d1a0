"""The client tries again what a server asks to be tried again, in time, and nothing else."""

import time
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from pairmill.client import AwayError, Client, RefusedError
from pairmill.server import CallContext, CallError
from tests.pairmill.server.echo import SETTINGS, Hosted, Servicer, hosted, struct

CODES = grpc.StatusCode


class FirstFails(Servicer):
    """Answers the first calls with an error, then well."""

    failures = 2

    async def Ask(self, request: Any, context: CallContext) -> Any:  # noqa: N802
        error, self.error = self.error, None
        if len(self.asked) < self.failures and error:
            self.asked.append("refused")
            self.error = error
            raise error
        return await super().Ask(request, context)


@pytest.fixture
def served() -> Iterator[Hosted]:
    """A service whose first two calls fail, with the error that a test sets."""
    with hosted(FirstFails(), SETTINGS) as found:
        yield found


def ask(served: Hosted, seconds: float = 5.0) -> Any:
    with Client(f"127.0.0.1:{served.ports.grpc}", seconds=seconds) as client:
        return client.call(served.method("Ask"), struct(text="hello"))


@pytest.mark.parametrize("code", [CODES.UNAVAILABLE, CODES.RESOURCE_EXHAUSTED])
def test_a_call_is_made_again_when_the_server_says_when(served: Hosted, code: Any) -> None:
    served.servicer.error = CallError(code, "BUSY", "busy", retry_seconds=0.05)
    assert dict(ask(served)) == {"text": "hello"}
    assert served.servicer.asked == ["refused", "refused", "hello"]


@pytest.mark.parametrize("code", [CODES.RESOURCE_EXHAUSTED, CODES.INVALID_ARGUMENT, CODES.INTERNAL])
def test_any_other_refusal_is_final(served: Hosted, code: Any) -> None:
    served.servicer.error = CallError(code, "WHY", "so it is")
    with pytest.raises((RefusedError, AwayError), match="so it is"):
        ask(served)
    assert served.servicer.asked == ["refused"]


def test_no_wait_goes_beyond_the_deadline(served: Hosted) -> None:
    served.servicer.error = CallError(CODES.UNAVAILABLE, "BUSY", "busy", retry_seconds=30)
    start = time.monotonic()
    with pytest.raises(AwayError, match="busy"):
        ask(served)
    assert time.monotonic() - start < 2


def test_nobody_at_an_address_is_a_clear_error() -> None:
    with (
        Client("127.0.0.1:1", seconds=1) as client,
        pytest.raises(AwayError, match=r"127\.0\.0\.1:1"),
    ):
        client.info()
