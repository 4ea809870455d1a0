"""The same calls as JSON over HTTP, and the probes: what gRPC says, HTTP says."""

import base64
import json
import threading
import time

import grpc
import pytest
from google.rpc import error_details_pb2

from pairmill.core import errors
from pairmill.server import CallError
from tests.pairmill.server.echo import Hosted, struct


def test_http_answers_as_grpc_does(served: Hosted) -> None:
    assert served.post("Ask", {"text": "hello"}) == (200, {"text": "hello"})
    assert dict(served.ask(timeout=5)) == {"text": "hello"}


def test_a_stream_comes_as_json_lines(served: Hosted) -> None:
    status, body = served.http("/test.EchoService/Count", b'{"to": 3}')
    assert status == 200
    assert [json.loads(line) for line in body.splitlines()] == [
        {"number": 0.0}, {"number": 1.0}, {"number": 2.0},
    ]  # fmt: skip


def test_a_stream_that_breaks_off_says_why_in_its_last_line(served: Hosted) -> None:
    served.servicer.error = errors.RetryError("the store is away")
    status, body = served.http("/test.EchoService/Count", b'{"to": 1}')
    assert status == 200
    last = json.loads(body.splitlines()[-1])["error"]
    assert (last["code"], last["message"]) == ("unavailable", "the store is away")


def test_a_stream_that_fails_before_its_first_answer_has_an_error_of_its_own(
    served: Hosted,
) -> None:
    served.servicer.error = errors.ConfigError("bad")
    assert served.post("Count", {"to": 0})[0] == 400


@pytest.mark.parametrize(
    ("code", "status", "name"),
    [
        ("INVALID_ARGUMENT", 400, "invalid_argument"), ("NOT_FOUND", 404, "not_found"),
        ("FAILED_PRECONDITION", 400, "failed_precondition"), ("UNAVAILABLE", 503, "unavailable"),
        ("PERMISSION_DENIED", 403, "permission_denied"), ("INTERNAL", 500, "internal"),
        ("RESOURCE_EXHAUSTED", 429, "resource_exhausted"), ("CANCELLED", 499, "canceled"),
    ],
)  # fmt: skip
def test_an_error_has_the_status_and_the_details_of_connect(
    served: Hosted, code: str, status: int, name: str
) -> None:
    served.servicer.error = CallError(grpc.StatusCode[code], "WHY", "so", metadata={"limit": "3"})
    got, told = served.post("Ask", {})
    assert (got, told["code"], told["message"]) == (status, name, "so")
    (detail,) = told["details"]
    assert detail["type"] == "google.rpc.ErrorInfo"
    padded = detail["value"] + "=" * (-len(detail["value"]) % 4)
    info = error_details_pb2.ErrorInfo.FromString(base64.b64decode(padded))
    assert (info.reason, info.metadata["limit"]) == ("WHY", "3")


@pytest.mark.parametrize(
    ("body", "reason"),
    [(b"{", "BAD_JSON"), (b"[1]", "BAD_JSON"), (b"\xff", "BAD_JSON"),
     (b'{"a":' * 200 + b"1" + b"}" * 200, "BAD_JSON")],
)  # fmt: skip
def test_what_is_no_message_is_refused(served: Hosted, body: bytes, reason: str) -> None:
    status, told = served.http("/test.EchoService/Ask", body)
    assert status == 400
    assert json.loads(told)["details"][0]["debug"]["reason"] == reason


def test_a_body_above_the_limit_is_refused(served: Hosted) -> None:
    status, told = served.post("Ask", {"text": "x" * 200_000})
    assert (status, told["details"][0]["debug"]["reason"]) == (429, "MESSAGE_TOO_LARGE")


def test_only_json_is_read(served: Hosted) -> None:
    assert served.post("Ask", {}, content_type="text/plain")[0] == 400


def test_a_method_that_is_none_or_takes_a_stream_is_unimplemented(served: Hosted) -> None:
    assert served.post("Nothing", {})[0] == 501
    status, told = served.post("Echo", {})
    assert status == 501
    assert "gRPC" in told["message"]


def test_the_key_is_wanted_here_too(locked: Hosted) -> None:
    assert locked.post("Ask", {})[0] == 401
    assert locked.post("Ask", {}, x_api_key="secret")[0] == 200
    assert locked.post("Ask", {}, authorization="Bearer secret")[0] == 200


def test_a_timeout_is_a_deadline(served: Hosted) -> None:
    served.servicer.seconds = 30
    start = time.monotonic()
    status, told = served.post("Ask", {}, connect_timeout_ms="200")
    assert (status, told["code"]) == (504, "deadline_exceeded")
    assert time.monotonic() - start < 5
    assert served.post("Ask", {}, connect_timeout_ms="soon")[0] == 400


def test_http_and_grpc_share_the_places(served: Hosted) -> None:
    served.servicer.seconds = 1.0
    calls = [served.method("Ask").future(struct(text="slow")) for _ in range(4)]
    while served.servicer.inside < 4:
        time.sleep(0.01)
    status, told = served.post("Ask", {})
    assert (status, told["code"]) == (429, "resource_exhausted")
    assert all(call.result() for call in calls)


def test_probes_and_figures_need_no_key(locked: Hosted) -> None:
    assert locked.http("/live") == (200, b"live\n")
    assert locked.http("/ready") == (200, b"ready\n")
    locked.ready[0] = False
    assert locked.http("/ready")[0] == 503
    locked.post("Ask", {})
    locked.post("Ask", {}, x_api_key="secret")
    figures = locked.http("/metrics")[1].decode()
    assert 'pairmill_calls_total{code="OK",method="Ask"} 1.0' in figures
    assert 'pairmill_calls_total{code="UNAUTHENTICATED",method="Ask"} 1.0' in figures
    assert 'pairmill_rejections_total{reason="WRONG_KEY"} 1.0' in figures
    assert "pairmill_calls_in_flight 0.0" in figures


def test_probes_answer_while_the_house_is_full(served: Hosted) -> None:
    served.servicer.seconds = 1.0
    threads = [threading.Thread(target=served.post, args=("Ask", {})) for _ in range(4)]
    for thread in threads:
        thread.start()
    while served.servicer.inside < 4:
        time.sleep(0.01)
    assert served.http("/ready")[0] == 200
    for thread in threads:
        thread.join()
