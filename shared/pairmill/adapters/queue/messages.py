"""Write a task as a message's arguments, and read it back from whatever lies in a queue.

Knows names and bounds. Whoever can write to the broker can put anything there, so a message is
taken only if it is exactly what `publish` writes; anything else is ForeignError.
"""

import json
import re
from collections.abc import Sequence
from typing import Any

from pairmill.ports.queue import Task

TASK, CANARY = "pairmill.task", "pairmill.canary"
MAX_BYTES = 8192
_NAME = re.compile(r"(?!\.)(?!.*\.\.)[^/\\\x00-\x20\x7f]{1,200}")
_FIELDS = ("run", "node", "shard")
_UNUSED = ("eta", "expires", "group", "chord", "shadow")
_NOTHING = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}


class ForeignError(Exception):
    """A message that is no task of ours; its text says why, and repeats little of it."""


def arguments(task: Task) -> dict[str, str]:
    """Return what a task's message holds: names only. ValueError for one nobody would take."""
    told = {"run": task.run, "node": task.node, "shard": task.shard}
    wrong = _wrong(told)
    if wrong:
        raise ValueError(
            f"{wrong}={told[wrong]!r} is no name: wanted 1 to 200 characters without slashes, "
            "spaces and two dots in a row, not beginning with a dot"
        )
    return told


def read_task(message: Any, stages: Sequence[str]) -> Task:
    """Return the task of a message as kombu gives it; ForeignError if it is none of these."""
    body, headers, properties = message.body, message.headers, message.properties
    kind = (message.content_type, message.content_encoding)
    if message.errors or kind != ("application/json", "utf-8"):
        raise ForeignError("not JSON in UTF-8")
    if not isinstance(headers, dict) or headers.get("task") != TASK:
        raise ForeignError("not a task of Pairmill")
    size = len(body) + len(str(headers)) + len(str(properties))
    if size > MAX_BYTES:
        raise ForeignError(f"{size} bytes: wanted at most {MAX_BYTES}")
    if not isinstance(headers.get("id"), str) or any(headers.get(name) for name in _UNUSED):
        raise ForeignError("headers that ask for more than one task at once")
    told = _arguments_of(body)
    task = Task(run=told["run"], node=told["node"], shard=told["shard"])
    if task.stage not in stages:
        raise ForeignError("a task of another stage")
    return task


def _arguments_of(body: bytes | str) -> dict[str, str]:
    try:
        positional, told, more = json.loads(body)
    except (ValueError, TypeError, RecursionError):
        raise ForeignError("a body that is no JSON of arguments") from None
    if positional or not isinstance(told, dict) or set(told) != set(_FIELDS):
        raise ForeignError("arguments other than run, node and shard")
    if more != _NOTHING:
        raise ForeignError("a task that asks for others")
    wrong = _wrong(told)
    if wrong:
        raise ForeignError(f"a {wrong} that is no name")
    return told


def _wrong(told: dict[str, Any]) -> str:
    """Return the first field that holds no name."""
    for field in _FIELDS:
        value = told[field]
        if not isinstance(value, str) or not _NAME.fullmatch(value):
            return field
    return ""
