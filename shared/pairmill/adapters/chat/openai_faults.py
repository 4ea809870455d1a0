"""Say what a server's reply means, and whose fault it is. Knows statuses; calls nobody.

    unreached    no connection came about         never counts against a question
    busy         429                              nor does this, but it may not go on for ever
    away         502, 503, 504                    counts, but not of a probe
    cut          cut off, or silent for too long  counts, but not of a server's very first probe
    broken       5xx, 408, not this protocol      counts
    refusal      other 4xx                        this question will not be answered
    ConfigError  401, 402, 403, 404, 405, 3xx     no question will be

A probe is what goes through a shut gate. A question that kills its server is cut off again and
again, and must end; but a port may be open before the server behind it is, and cuts off, too.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from pairmill.adapters.chat.openai_address import Server
from pairmill.adapters.chat.openai_messages import answer_of
from pairmill.core.errors import ConfigError, RejectError
from pairmill.ports.chat import Answer

AWAY = {502, 503, 504}
AGAIN = {408, 425}
DENIED = {401, 403}
FORMAT = re.compile(r"response_format|json_schema", re.IGNORECASE)
REASON_CHARS = 120


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What may pass if the question is asked again. wait: seconds that the server asked for."""

    kind: Literal["unreached", "busy", "away", "cut", "broken"]
    reason: str
    wait: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """What will not pass. of_format: it is `response_format` that the server does not take."""

    reason: str
    of_format: bool = False


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a server sent: status, media type, body and two headers."""

    status: int
    media_type: str = ""
    data: bytes = b""
    retry_after: str = ""
    encoding: str = ""


Meaning = Answer | RejectError | Fault | Refusal


def meaning(reply: Reply, server: Server, model: str) -> Meaning:
    """Return what a reply means; ConfigError where a person must change something."""
    status, wait = reply.status, seconds_of(reply.retry_after)
    if status == 200:
        return _answered(reply, model)
    if status == 429:
        return Fault(kind="busy", reason="status 429", wait=wait)
    if status in AWAY:
        return Fault(kind="away", reason=f"status {status}", wait=wait)
    if status >= 500 or status in AGAIN or status < 300:
        return Fault(kind="broken", reason=f"status {status}", wait=wait)
    if status < 400 or status in (402, 404, 405, *DENIED):
        raise _lasting(reply, server, model)
    return _refused(reply, server, model)


def _answered(reply: Reply, model: str) -> Meaning:
    kind = reply.media_type
    if kind != "application/json" and not kind.endswith("+json"):
        return Fault(kind="broken", reason=f"wanted JSON, got {kind[:40] or 'no media type'}")
    if reply.encoding not in ("", "identity"):
        return Fault(kind="broken", reason="a compressed answer, which was not asked for")
    try:
        return answer_of(reply.data, model)
    except ValueError as error:
        return Fault(kind="broken", reason=str(error))


def _refused(reply: Reply, server: Server, model: str) -> Refusal:
    told = told_in(reply.data)
    if names_no_model(told, model):
        raise _lasting(reply, server, model)
    reason = short(told, server.api_key.get_secret_value()) or "no reason given"
    return Refusal(reason=f"{reply.status}: {reason}", of_format=bool(FORMAT.search(told)))


def _lasting(reply: Reply, server: Server, model: str) -> ConfigError:
    """Return an error that only a person can end; what 401 and 403 say may hold the key."""
    got, where = f"got status {reply.status}", server.where
    if reply.status in DENIED:
        key = "no API key was sent" if not server.api_key.get_secret_value() else "it refuses ours"
        return ConfigError(f"{where}: {got}, {key}: wanted the server's own in {server.key_name}")
    if reply.status == 402:
        return ConfigError(f"{where}: {got}: the account behind the API key must be paid up first")
    if names_no_model(told_in(reply.data), model):
        return ConfigError(f"{where}: it has no model named {model!r} ({got}): wanted the name "
                           "that it serves it by, as GET /v1/models lists it")  # fmt: skip
    if reply.status < 400:
        return ConfigError(f"{where}: {got}, a redirect, which is not followed: wanted the "
                           "server's own address, with https:// where it has that")  # fmt: skip
    return ConfigError(f"{where}: {got}: nothing answers questions at {server.url}: wanted the "
                       "address of an OpenAI-compatible server, as far as /v1")  # fmt: skip


def names_no_model(told: str, model: str) -> bool:
    """Return whether a server says that it has no such model; it may also say so with a 400."""
    missing = re.escape(model) + r"\W{0,3} (does not exist|not found|was not found)"
    pinned = "pinned to '"  # transformers serve
    return "model_not_found" in told or pinned in told or bool(re.search(missing, told))


def told_in(data: bytes) -> str:
    """Return what an error says in the forms that servers have for it."""
    try:
        got: Any = json.loads(data)
    except (ValueError, RecursionError):
        return data[:2000].decode(errors="replace")
    if isinstance(got, dict):
        got = got.get("error") or got.get("detail") or got.get("message") or got
    if isinstance(got, dict):
        got = " ".join(str(got[name]) for name in ("code", "message") if got.get(name)) or got
    return str(got)


def short(text: str, secret: str) -> str:
    """Return the beginning of a text without the secret, pictures and what cannot be printed."""
    text = text.replace(secret, "…") if secret else text
    text = re.sub(r"data:[\w.+-]+/[\w.+-]+;base64,[\w+/=]*", "(picture)", text)
    text = re.sub(r"[A-Za-z0-9+/=_-]{64,}", "…", text)
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(text.split())[:REASON_CHARS]


def seconds_of(retry_after: str) -> float:
    """Return the seconds of a Retry-After, given as such or as a date; 0 where it says nothing."""
    try:
        return max(0.0, min(float(retry_after), 86_400.0)) if retry_after else 0.0
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return 0.0
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, min((until - datetime.now(UTC)).total_seconds(), 86_400.0))
