"""Messages and errors as JSON, as the Connect protocol has them. Knows no method and no transport.

https://connectrpc.com/docs/protocol, "Unary Response" and "Error Codes".
"""

import base64
import json
from typing import Any

import grpc
from google.protobuf import json_format, message_factory

from pairmill.serving.faults import CallError, status_of

_STATUS = {
    "CANCELLED": 499, "INVALID_ARGUMENT": 400, "DEADLINE_EXCEEDED": 504, "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409, "PERMISSION_DENIED": 403, "RESOURCE_EXHAUSTED": 429,
    "FAILED_PRECONDITION": 400, "ABORTED": 409, "OUT_OF_RANGE": 400, "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503, "UNAUTHENTICATED": 401,
}  # fmt: skip
MAX_DEPTH = 32


def parse(kind: Any, body: bytes) -> Any:
    """Return the message of a descriptor's type; CallError where the JSON does not fit it.

    An unknown field is an error: it is most often a misspelt one.
    """
    message = message_factory.GetMessageClass(kind)()
    try:
        return json_format.Parse(body, message, max_recursion_depth=MAX_DEPTH)
    except (json_format.ParseError, UnicodeDecodeError, RecursionError) as error:
        raise CallError(
            grpc.StatusCode.INVALID_ARGUMENT, "BAD_JSON",
            f"wanted {kind.full_name} as JSON, got: {str(error)[:300]}",
        ) from None  # fmt: skip


def to_json(message: Any) -> bytes:
    """Return the message as one line of JSON."""
    text: str = json_format.MessageToJson(message, indent=None)
    return text.encode()


def http_status(fault: CallError) -> int:
    """Return the HTTP status of a fault's code."""
    return _STATUS.get(fault.code.name, 500)


def error_json(fault: CallError) -> bytes:
    """Return a fault as JSON: code, message and details."""
    name = fault.code.name.lower()
    details = [_detail(packed) for packed in status_of(fault).details]
    told = {
        "code": "canceled" if name == "cancelled" else name,
        "message": fault.message,
        "details": details,
    }
    return json.dumps(told, ensure_ascii=False).encode()


def _detail(packed: Any) -> dict[str, Any]:
    """`debug` is for people: the same detail in words."""
    value = base64.b64encode(packed.value).decode().rstrip("=")
    shown = json_format.MessageToDict(packed)
    shown.pop("@type", None)
    return {"type": packed.type_url.rpartition("/")[2], "value": value, "debug": shown}
