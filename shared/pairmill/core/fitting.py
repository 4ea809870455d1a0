"""Check a plain value against a JSON Schema, the part of it that Pairmill's questions use.

Knows no text and no model. Keywords: type, properties, required, additionalProperties (false or
absent), items, minItems, maxItems, minLength, maxLength, enum; title and description say nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

KEYWORDS = frozenset((
    "type", "properties", "required", "additionalProperties", "items", "minItems", "maxItems",
    "minLength", "maxLength", "enum", "title", "description",
))  # fmt: skip

_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "null": lambda value: value is None,
}


class MisfitError(Exception):
    """A value does not fit. name: a key of `pairmill.core.answers.FAULTS`. detail: where."""

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(f"{name}: {detail}")
        self.name = name
        self.detail = detail[:100]


def check_fit(value: Any, schema: Mapping[str, Any], where: str = "answer") -> None:
    """Raise MisfitError unless a value of JSON fits; ValueError for a keyword unknown here."""
    unknown = schema.keys() - KEYWORDS
    if unknown or schema.get("additionalProperties") not in (None, False):
        wrong = ", ".join(sorted(unknown)) or "additionalProperties"
        raise ValueError(f"schema: got {wrong}, wanted only what pairmill.core.fitting knows")
    if "type" in schema and not _TYPES[schema["type"]](value):
        raise MisfitError("wrong_type", f"{where}: wanted {schema['type']}")
    if "enum" in schema and not _is_among(value, schema["enum"]):
        names = ", ".join(map(str, schema["enum"]))
        raise MisfitError("not_allowed", f"{where}: wanted one of {names}")
    if isinstance(value, str):
        _check_length(len(value.strip()), schema, where)
    elif isinstance(value, list):
        _check_list(value, schema, where)
    elif isinstance(value, dict):
        _check_object(value, schema, where)


def _is_among(value: Any, allowed: Sequence[Any]) -> bool:
    """To Python, 1 and true are the same; to JSON they are not."""
    return any(type(one) is type(value) and one == value for one in allowed)


def _check_length(num_chars: int, schema: Mapping[str, Any], where: str) -> None:
    """White space around a text is no part of it."""
    if num_chars < schema.get("minLength", 0):
        raise MisfitError("too_short", f"{where}: wanted {schema['minLength']} characters or more")
    if num_chars > schema.get("maxLength", num_chars):
        raise MisfitError("too_long", f"{where}: at most {schema['maxLength']} characters")


def _check_list(value: Sequence[Any], schema: Mapping[str, Any], where: str) -> None:
    if len(value) < schema.get("minItems", 0):
        raise MisfitError("too_few", f"{where}: {len(value)} items, wanted {schema['minItems']}")
    if len(value) > schema.get("maxItems", len(value)):
        raise MisfitError("too_many", f"{where}: {len(value)} items, at most {schema['maxItems']}")
    for i, item in enumerate(value):
        check_fit(item, schema.get("items", {}), f"{where}[{i}]")


def _check_object(value: Mapping[str, Any], schema: Mapping[str, Any], where: str) -> None:
    for key in schema.get("required", ()):
        if key not in value:
            raise MisfitError("missing_key", f"{where}: {key}")
    known: Mapping[str, Any] = schema.get("properties", {})
    for key, inner in value.items():
        if key in known:
            check_fit(inner, known[key], f"{where}.{key}")
        elif schema.get("additionalProperties") is False:
            raise MisfitError("unknown_key", f"{where}: {key}")
