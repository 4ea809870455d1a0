"""Calls over gRPC: answers, errors with their details, keys, health, reflection and bounds."""

import threading
import time
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_status import rpc_status

from pairmill.core import errors
from pairmill.server import CallError
from tests.pairmill.server.echo import SETTINGS, Hosted, Servicer, hosted, struct


def failure(call: Any) -> tuple[str, str, Any]:
    """Return code, reason and error of a call that must fail."""
    with pytest.raises(grpc.RpcError) as caught:
        call()
    status = rpc_status.from_call(caught.value)
    assert status is not None, caught.value
    info = error_details_pb2.ErrorInfo()
    status.details[0].Unpack(info)
    assert info.domain == "pairmill"
    return caught.value.code().name, info.reason, caught.value


def health(served: Hosted, service: str = "") -> int:
    stub = health_pb2_grpc.HealthStub(served.channel)
    answer = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=5)
    return int(answer.status)


def wait_for(what: Any, wanted: object) -> None:
    end = time.monotonic() + 5
    while what() != wanted:
        assert time.monotonic() < end, (what(), wanted)
        time.sleep(0.02)


def test_each_kind_of_method_answers(served: Hosted) -> None:
    assert dict(served.ask(timeout=5)) == {"text": "hello"}
    assert [dict(a) for a in served.method("Count")(struct(to=2))] == [{"number": 0}, {"number": 1}]
    sent = [struct(n=n) for n in range(5)]
    assert list(served.method("Echo")(iter(sent))) == sent


@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [
        (errors.RejectError("too_small", "3x3"), "INVALID_ARGUMENT", "TOO_SMALL"),
        (errors.ConfigError("mining.k: 0"), "INVALID_ARGUMENT", "CONFIG_ERROR"),
        (errors.CorpusError("no images"), "INVALID_ARGUMENT", "CORPUS_ERROR"),
        (KeyError("no run 'x'"), "NOT_FOUND", "NOT_FOUND"),
        (errors.RootError("another format"), "FAILED_PRECONDITION", "ROOT_ERROR"),
        (errors.RetryError("the store is away"), "UNAVAILABLE", "TRY_AGAIN"),
        (CallError(grpc.StatusCode.PERMISSION_DENIED, "NO_URI", "no"), "PERMISSION_DENIED",
         "NO_URI"),
    ],
)  # fmt: skip
def test_an_error_keeps_its_words_and_gets_its_code(
    served: Hosted, error: Exception, code: str, reason: str
) -> None:
    served.servicer.error = error
    got = failure(lambda: served.ask(timeout=5))
    assert got[:2] == (code, reason)
    assert got[2].details() == str(error.args[0] if isinstance(error, KeyError) else error)


def test_what_nobody_foresaw_is_logged_and_not_told(
    served: Hosted, caplog: pytest.LogCaptureFixture
) -> None:
    served.servicer.error = ZeroDivisionError("secret number")
    code, _, error = failure(lambda: served.ask(timeout=5))
    assert code == "INTERNAL"
    assert "secret number" not in str(error)
    assert "secret number" in caplog.records[-1].__dict__["fields"]["error"]


def test_a_very_long_error_still_arrives(served: Hosted) -> None:
    served.servicer.error = errors.ConfigError("Ä fault. " * 5000)
    code, _, error = failure(lambda: served.ask(timeout=5))
    assert code == "INVALID_ARGUMENT"
    assert error.details().endswith(" …")


def test_an_error_in_a_stream_comes_after_its_answers(served: Hosted) -> None:
    served.servicer.error = errors.RetryError("away")
    seen = []

    def read() -> None:
        seen.extend(served.method("Count")(struct(to=2)))

    stream = served.method("Count")(struct(to=2))
    assert [dict(next(stream)), dict(next(stream))] == [{"number": 0}, {"number": 1}]
    assert failure(lambda: next(stream))[0] == "UNAVAILABLE"
    assert failure(read)[1] == "TRY_AGAIN"


@pytest.mark.parametrize(
    ("metadata", "let_in"),
    [
        ((), False),
        ((("authorization", "Bearer secret"),), True),
        ((("authorization", "bearer secret"),), True),
        ((("x-api-key", "secret"),), True),
        ((("x-api-key", "Secret"),), False),
        ((("authorization", "secret"),), False),
        ((("authorization", "Bearer "),), False),
    ],
)
def test_only_the_key_lets_in(locked: Hosted, metadata: Any, let_in: bool) -> None:
    if let_in:
        assert locked.ask(metadata=metadata, timeout=5)
    else:
        got = failure(lambda: locked.ask(metadata=metadata, timeout=5))
        assert got[:2] == ("UNAUTHENTICATED", "WRONG_KEY")
        assert locked.servicer.asked == []


def listed(served: Hosted, metadata: Any = ()) -> list[str]:
    stub = reflection_pb2_grpc.ServerReflectionStub(served.channel)
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    (answer,) = stub.ServerReflectionInfo(iter([request]), metadata=metadata, timeout=5)
    return [service.name for service in answer.list_services_response.service]


def test_health_needs_no_key_and_reflection_does(locked: Hosted) -> None:
    wait_for(lambda: health(locked), health_pb2.HealthCheckResponse.SERVING)
    assert failure(lambda: listed(locked))[1] == "WRONG_KEY"
    assert "test.EchoService" in listed(locked, (("x-api-key", "secret"),))


def test_health_says_whether_the_service_is_ready(served: Hosted) -> None:
    states = health_pb2.HealthCheckResponse
    wait_for(lambda: health(served, "test.EchoService"), states.SERVING)
    served.ready[0] = False
    wait_for(lambda: health(served, "test.EchoService"), states.NOT_SERVING)
    served.ready[0] = True
    wait_for(lambda: health(served), states.SERVING)


def test_a_full_house_refuses_at_once_and_says_when_to_come_again(served: Hosted) -> None:
    served.servicer.seconds = 1.0
    inside = [served.method("Ask").future(struct(text="slow")) for _ in range(4)]
    wait_for(lambda: served.servicer.inside, 4)
    start = time.monotonic()
    code, reason, error = failure(lambda: served.ask())
    assert (code, reason) == ("RESOURCE_EXHAUSTED", "QUEUE_FULL")
    assert time.monotonic() - start < 0.5
    wait = error_details_pb2.RetryInfo()
    assert rpc_status.from_call(error).details[1].Unpack(wait)
    assert wait.retry_delay.ToMilliseconds() > 0
    assert health(served) == health_pb2.HealthCheckResponse.SERVING
    assert all(call.result() for call in inside)
    served.servicer.seconds = 0
    assert served.ask(timeout=5)


def test_streams_do_not_take_the_places_of_calls(served: Hosted) -> None:
    served.servicer.seconds = 30
    streams = [served.method("Count")(struct(to=2)) for _ in range(4)]
    assert all(dict(next(stream)) == {"number": 0} for stream in streams)
    assert failure(lambda: next(served.method("Count")(struct(to=2))))[1] == "QUEUE_FULL"
    served.servicer.seconds = 0
    assert served.ask(timeout=5)
    for stream in streams:
        stream.cancel()


def test_a_call_with_too_little_time_is_refused_without_being_done(served: Hosted) -> None:
    served.servicer.seconds = 0.4
    served.ask(timeout=5)
    served.servicer.asked.clear()
    assert failure(lambda: served.ask(timeout=0.2))[:2] == ("DEADLINE_EXCEEDED", "TOO_LATE")
    assert served.servicer.asked == []


def test_one_slow_call_does_not_lock_the_quick_ones_out(served: Hosted) -> None:
    served.servicer.seconds = 0.4
    served.ask(timeout=5)
    served.servicer.seconds = 0
    refused = 0
    while True:
        try:
            served.ask(timeout=0.2)
            break
        except grpc.RpcError:
            refused += 1
            assert refused < 30
    assert refused > 0


def test_a_caller_who_leaves_frees_the_place(served: Hosted) -> None:
    served.servicer.seconds = 30
    calls = [served.method("Ask").future(struct(text="slow")) for _ in range(4)]
    wait_for(lambda: served.servicer.inside, 4)
    for call in calls:
        call.cancel()
    wait_for(lambda: served.servicer.inside, 0)
    served.servicer.seconds = 0
    assert served.ask(timeout=5)


def test_a_message_above_the_limit_is_refused(served: Hosted) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        served.method("Ask")(struct(text="x" * 70_000), timeout=5)
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert served.servicer.asked == []


def test_leaving_answers_what_is_inside_and_takes_no_more() -> None:
    servicer = Servicer(seconds=0.5)
    with hosted(servicer, SETTINGS) as served:
        call = served.method("Ask").future(struct(text="last"))
        wait_for(lambda: servicer.inside, 1)
        threading.Timer(0.1, served.stop).start()
        assert dict(call.result()) == {"text": "last"}
