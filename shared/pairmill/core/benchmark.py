"""Read a benchmark's JSONL into queries. Knows its fields; knows no image and no figure."""

import json
from collections.abc import Iterator
from typing import Any

from pairmill.core.errors import CorpusError
from pairmill.core.records import BenchmarkQuery

REQUIRED = ("query_id", "targets")
TEXTS = ("query_id", "query_image", "instruction", "task")
LISTS = ("targets", "exclude", "gallery")


def parse_benchmark(data: bytes, name: str = "benchmark") -> tuple[BenchmarkQuery, ...]:
    """Return the queries of JSONL bytes, one object a line, in order; blank lines are passed over.

    name: what error messages call the file. Raises CorpusError, with the line's number, for a line
    that is no query, for an id that comes twice and for a benchmark without queries.
    """
    lines_of: dict[str, int] = {}
    queries = []
    for number, text in _lines(data, name):
        query = _query(f"{name}, line {number}", text)
        if query.query_id in lines_of:
            raise CorpusError(
                f"{name}, line {number}: query_id {query.query_id!r} stands already in line "
                f"{lines_of[query.query_id]}, wanted another for every query"
            )
        lines_of[query.query_id] = number
        queries.append(query)
    if not queries:
        raise CorpusError(f"{name}: got no query, wanted one JSON object a line")
    return tuple(queries)


def _lines(data: bytes, name: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").splitlines(), start=1):
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            raise CorpusError(
                f"{name}, line {number}: wanted UTF-8, got the byte {line[error.start]:#04x}; "
                "save the file as UTF-8"
            ) from None
        if text.strip():
            yield number, text


def _query(where: str, text: str) -> BenchmarkQuery:
    values = {key: value for key, value in _object(where, text).items() if value is not None}
    if missing := [field for field in REQUIRED if field not in values]:
        raise CorpusError(f"{where}: wanted the field {missing[0]!r}, got only {_names(values)}")
    fields: dict[str, Any] = {field: _text(where, field, values) for field in TEXTS}
    fields |= {field: _list(where, field, values) for field in LISTS}
    if not fields["query_image"] and not fields["instruction"].strip():
        raise CorpusError(
            f"{where}: got neither a query_image nor an instruction, wanted at least one of them"
        )
    if not fields["query_id"] or not fields["targets"]:
        empty = "targets" if fields["query_id"] else "query_id"
        raise CorpusError(f"{where}: got an empty {empty!r}, wanted at least one")
    return BenchmarkQuery(**fields)


def _object(where: str, text: str) -> dict[str, Any]:
    try:
        values = json.loads(text)
        json.dumps(values, ensure_ascii=False).encode()  # half a surrogate pair has no UTF-8
    except (ValueError, RecursionError) as error:
        raise CorpusError(f"{where}: wanted a JSON object, got {_short(text)}: {error}") from None
    if not isinstance(values, dict):
        raise CorpusError(f"{where}: wanted a JSON object, got {_short(text)}")
    if strange := [field for field in values if field not in {*TEXTS, *LISTS}]:
        raise CorpusError(
            f"{where}: got the field {strange[0]!r}, wanted only {', '.join((*TEXTS, *LISTS))}; "
            "rename it or take it out, since a misspelt field would change the figures in silence"
        )
    return values


def _text(where: str, field: str, values: dict[str, Any]) -> str:
    value = values.get(field, "all" if field == "task" else "")
    if not isinstance(value, str):
        raise CorpusError(f"{where}: wanted a text as {field!r}, got {_short(json.dumps(value))}")
    return value or ("all" if field == "task" else "")


def _list(where: str, field: str, values: dict[str, Any]) -> tuple[str, ...]:
    value = values.get(field, [])
    if not isinstance(value, list) or not all(isinstance(key, str) and key for key in value):
        got = _short(json.dumps(value))
        raise CorpusError(f"{where}: wanted a list of image keys as {field!r}, got {got}")
    return tuple(dict.fromkeys(value))


def _names(values: dict[str, Any]) -> str:
    return ", ".join(values) or "an empty object"


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"
