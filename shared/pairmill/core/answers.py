"""Read what a model answered, strictly: JSON alone that fits its schema, nothing evaluated.

Knows text and a part of JSON Schema; knows no prompt and no model. Every fault has a name.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from pairmill.core.fitting import MisfitError, check_fit

MAX_CHARS, MAX_DEPTH = 20_000, 16
"""Longer or deeper answers are not read at all."""

FAULTS = {
    "empty": "the answer is empty",
    "too_big": f"the answer has more than {MAX_CHARS} characters",
    "not_json": "the answer is not JSON",
    "text_around": "text stands before or after the JSON",
    "truncated": "the answer was cut off at the token limit",
    "doubled_key": "a key stands twice in one object",
    "bad_number": "a number is not finite, or has too many digits",
    "too_deep": f"objects and lists stand more than {MAX_DEPTH} deep",
    "bad_characters": "a text holds control characters or broken surrogates",
    "wrong_type": "a value has the wrong type",
    "missing_key": "a key is missing",
    "unknown_key": "a key is not in the schema",
    "too_few": "a list has too few items",
    "too_many": "a list has too many items",
    "too_short": "a text is too short",
    "too_long": "a text is too long",
    "not_allowed": "a value is none of those allowed",
}
"""What may be wrong with an answer, by name. Whoever asks may name more."""

_FENCE = re.compile(r"\A```[A-Za-z]*[ \t]*\r?\n(.*?)\r?\n?```\Z", re.DOTALL)
_BAD = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is wrong with an answer: the fault's name, and where or what it is in few words."""

    name: str
    detail: str = ""

    def __str__(self) -> str:
        told = FAULTS.get(self.name, self.name.replace("_", " "))
        return f"{told} ({self.detail})" if self.detail else told


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """An answer that fits. fenced: it stood between fences, which are tolerated and counted."""

    value: Any
    fenced: bool = False


class _FaultError(Exception):
    def __init__(self, name: str, detail: str = "") -> None:
        super().__init__(name)
        printable = detail[:100].encode("utf-8", "backslashreplace").decode()
        self.fault = Fault(name=name, detail=printable)


def parse_answer(
    text: str, schema: Mapping[str, Any] | None, *, cut_off: bool = False
) -> Parsed | Fault:
    """Return the value of an answer, or what is wrong with it.

    schema: see `pairmill.core.fitting`; None takes any JSON. cut_off: the model stopped at its
    token limit, which then names the fault of an answer that is no JSON.
    """
    try:
        plain, fenced = _unfenced(text)
        value = _read(plain)
        _check_texts(value, 0)
        if schema is not None:
            check_fit(value, schema)
    except MisfitError as misfit:
        return Fault(name=misfit.name, detail=misfit.detail)
    except _FaultError as error:
        is_broken = error.fault.name in ("empty", "not_json", "text_around")
        return Fault(name="truncated") if cut_off and is_broken else error.fault
    return Parsed(value=value, fenced=fenced)


def _unfenced(text: str) -> tuple[str, bool]:
    if len(text) > MAX_CHARS:
        raise _FaultError("too_big", f"{len(text)} characters")
    plain = text.strip()
    if not plain:
        raise _FaultError("empty")
    fence = _FENCE.match(plain)
    return (fence[1].strip(), True) if fence else (plain, False)


def _read(plain: str) -> Any:
    decoder = json.JSONDecoder(
        object_pairs_hook=_object, parse_constant=_refuse_number, parse_float=_number
    )
    try:
        value, end = decoder.raw_decode(plain)
    except json.JSONDecodeError as error:
        begins = "{" in plain and not plain.startswith(("{", "["))
        raise _FaultError(
            "text_around" if begins else "not_json", f"{error.msg} at character {error.pos}"
        ) from None
    except RecursionError:
        raise _FaultError("too_deep") from None
    except ValueError:  # an integer of more digits than Python reads
        raise _FaultError("bad_number", "an integer of thousands of digits") from None
    if plain[end:].strip():
        raise _FaultError("text_around", f"{len(plain) - end} characters after it")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _FaultError("doubled_key", next(key for key in keys if keys.count(key) > 1))
    return found


def _refuse_number(name: str) -> NoReturn:
    raise _FaultError("bad_number", name)


def _number(text: str) -> float:
    value = float(text)
    return value if abs(value) != float("inf") else _refuse_number(text)


def _check_texts(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise _FaultError("too_deep")
    if isinstance(value, str):
        if bad := _BAD.search(value):
            raise _FaultError("bad_characters", f"U+{ord(bad[0]):04X}")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _check_texts(key, depth)
            _check_texts(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _check_texts(inner, depth + 1)
