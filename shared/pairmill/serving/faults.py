"""Turn errors into what a caller is told: a code, a reason and a sentence. Knows no transport.

RejectError, ConfigError, CorpusError   INVALID_ARGUMENT
KeyError                                NOT_FOUND
any other StopError                     FAILED_PRECONDITION
RetryError                              UNAVAILABLE
CallError                               its own code
anything else                           INTERNAL, and a line in the log with the traceback
"""

import logging
import traceback
from collections.abc import Mapping, Sequence

import grpc
from google.protobuf import any_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from pairmill.core.errors import (
    ConfigError,
    CorpusError,
    PairmillError,
    RejectError,
    RetryError,
    StopError,
)
from pairmill.telemetry import event

DOMAIN = "pairmill"
MAX_MESSAGE_BYTES = 1800
"""It travels twice in the trailers, once escaped, and they must stay below gRPC's 8 KiB."""
RETRY_SECONDS = 1.0


class CallError(PairmillError):
    """What a call ends with.

    Args:
        code: a gRPC status code. reason: stable name, capital letters, for programs.
        message: for people: what was got, what was wanted, what to do.
        retry_seconds: when the same call may succeed; 0 where trying again is of no use.
        metadata: plain facts, such as a limit.

    Attributes:
        details: more messages of google.rpc, a kilobyte of them at most.
    """

    details: Sequence[Message] = ()

    def __init__(
        self, code: grpc.StatusCode, reason: str, message: str, *,
        retry_seconds: float = 0.0, metadata: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.code, self.reason, self.message = code, reason, _cut(message)
        self.retry_seconds, self.metadata = retry_seconds, dict(metadata or {})


def fault_of(error: Exception, method: str) -> CallError:
    """Return what the caller is told of an error; one that nobody foresaw is logged."""
    code = grpc.StatusCode
    if isinstance(error, CallError):
        return error
    if isinstance(error, RejectError):
        return CallError(code.INVALID_ARGUMENT, error.rule.upper(), str(error))
    if isinstance(error, (ConfigError, CorpusError)):
        return CallError(code.INVALID_ARGUMENT, _reason(error), str(error))
    if isinstance(error, KeyError):
        text = str(error.args[0]) if error.args else "not found"
        return CallError(code.NOT_FOUND, "NOT_FOUND", text)
    if isinstance(error, StopError):
        return CallError(code.FAILED_PRECONDITION, _reason(error), str(error))
    if isinstance(error, RetryError):
        return CallError(code.UNAVAILABLE, "TRY_AGAIN", str(error), retry_seconds=RETRY_SECONDS)
    if isinstance(error, TimeoutError):
        return CallError(code.DEADLINE_EXCEEDED, "TOO_SLOW", "the deadline passed: give more time")
    told = "".join(traceback.format_exception(error))
    event("call failed", level=logging.ERROR, method=method, error=told)
    return CallError(code.INTERNAL, "INTERNAL", "an internal error; the server's log has it")


def status_of(fault: CallError) -> status_pb2.Status:
    """Return the fault as google.rpc.Status with its details."""
    info = error_details_pb2.ErrorInfo(reason=fault.reason, domain=DOMAIN, metadata=fault.metadata)
    details: list[Message] = [info, *fault.details]
    if fault.retry_seconds:
        wait = error_details_pb2.RetryInfo()
        wait.retry_delay.FromMilliseconds(round(fault.retry_seconds * 1000))
        details.append(wait)
    status = status_pb2.Status(code=fault.code.value[0], message=fault.message)
    for detail in details:
        packed = any_pb2.Any()
        packed.Pack(detail)
        status.details.append(packed)
    return status


def _reason(error: Exception) -> str:
    """Return `ConfigError` as CONFIG_ERROR."""
    name = type(error).__name__
    return "".join(f"_{c}" if c.isupper() and i else c for i, c in enumerate(name)).upper()


def _cut(message: str) -> str:
    data = message.encode()
    if len(data) <= MAX_MESSAGE_BYTES:
        return message
    return data[: MAX_MESSAGE_BYTES - 4].decode(errors="ignore") + " …"
