"""Read a table of captions: CSV, TSV, JSONL or Parquet, one row per image or per caption.

Knows a file's bytes and its name; knows no image and no store.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePath

import pyarrow as pa

from pairmill.core.errors import CorpusError, RejectError
from pairmill.core.tables import parquet_rows
from pairmill.sources.captions import CAPTION_FIELDS, Words, join, words_of

NAME_FIELDS = ("file", "file_name", "filename", "image", "key")
"""The first of them that a table has names the image."""

_LONGEST_CELL = 2**24  # characters; csv's own limit of 131,072 would stop at one long caption
Row = tuple[str, Mapping[str, object]]


@dataclass(frozen=True, kw_only=True)
class CaptionTable:
    """Words by the name that the table gives an image: a file name, a path or a key."""

    path: str
    rows: Mapping[str, Words]


def read_captions(path: Path) -> CaptionTable:
    """Return the table in the file at `path`; CorpusError where it is none."""
    try:
        return parse_captions(path.read_bytes(), str(path))
    except OSError as error:
        raise CorpusError(f"{path}: wanted a readable table of captions, got: {error}") from None


def parse_captions(data: bytes, name: str) -> CaptionTable:
    """Return the table in a file's bytes; several rows of one name are joined.

    Every column but the image's name and its caption becomes an attribute; a column `attributes`
    may hold a JSON object of them. name: the file's; its ending says how to read it. Raises
    CorpusError that names the file and the line.
    """
    readers: dict[str, Callable[[bytes, str], Iterator[Row]]] = {
        ".csv": partial(_csv, delimiter=","),
        ".tsv": partial(_csv, delimiter="\t"),
        ".jsonl": _jsonl,
        ".ndjson": _jsonl,
        ".parquet": _parquet,
    }
    ending = PurePath(name).suffix.lower()
    reader = readers.get(ending)
    if reader is None:
        raise CorpusError(f"{name}: got {ending or 'no ending'!r}, wanted one of "
                          f"{', '.join(readers)}; convert the captions to one of them")  # fmt: skip
    found: dict[str, list[Words]] = {}
    try:
        for place, fields in reader(data, name):
            image, words = _row(place, fields)
            found.setdefault(image, []).append(words)
    except (OSError, pa.ArrowInvalid, csv.Error) as error:
        raise CorpusError(f"{name}: wanted a readable table of captions, got: {error}") from None
    except UnicodeDecodeError as error:
        raise CorpusError(f"{name}: got bytes that are not UTF-8 ({error.reason}), wanted UTF-8; "
                          "convert it, as with `iconv -t UTF-8`") from None  # fmt: skip
    if not found:
        raise CorpusError(f"{name}: got no rows, wanted one per image; check the file")
    return CaptionTable(path=name, rows={image: join(parts) for image, parts in found.items()})


def _row(place: str, fields: Mapping[str, object]) -> tuple[str, Words]:
    column = next((name for name in NAME_FIELDS if name in fields), None)
    if column is None:
        raise CorpusError(f"{place}: got columns {_names(fields)}, wanted one of "
                          f"{', '.join(NAME_FIELDS)}; rename the column of file names")  # fmt: skip
    if not {*CAPTION_FIELDS, "attributes"} & fields.keys():
        raise CorpusError(f"{place}: got columns {_names(fields)}, wanted `caption`, `text` or "
                          "`attributes`; rename the column of captions")  # fmt: skip
    name = fields[column]
    if not isinstance(name, (str, int)) or not str(name).strip():
        raise CorpusError(f"{place}: got {name!r} as {column}, wanted a file name")
    try:
        words = words_of({**_unpacked(place, fields), column: None})
    except RejectError as error:
        raise CorpusError(f"{place}: {error}; convert it to UTF-8") from None
    return str(name).strip().replace("\\", "/").removeprefix("./"), words


def _unpacked(place: str, fields: Mapping[str, object]) -> Mapping[str, object]:
    """Return the fields with `attributes` read where it is JSON text."""
    packed = fields.get("attributes")
    if not isinstance(packed, str) or not packed.strip():
        return fields
    try:
        attributes = json.loads(packed)
    except (ValueError, RecursionError):
        attributes = None
    if not isinstance(attributes, dict):
        raise CorpusError(f"{place}: got attributes {packed[:60]!r}, wanted a JSON object such as "
                          '{"colour": "red"}')  # fmt: skip
    return {**fields, "attributes": attributes}


def _csv(data: bytes, name: str, delimiter: str) -> Iterator[Row]:
    before = csv.field_size_limit(_LONGEST_CELL)
    try:
        text = io.StringIO(_text(data), newline="")
        lines = csv.DictReader(text, delimiter=delimiter, strict=True)
        for fields in lines:
            place = f"{name}, line {lines.line_num}"
            if None in fields:
                raise CorpusError(f"{place}: got more cells than the {len(fields) - 1} columns; "
                                  "put quotes around text that holds the delimiter")  # fmt: skip
            yield place, {_column(name): value for name, value in fields.items()}
    finally:
        csv.field_size_limit(before)


def _jsonl(data: bytes, name: str) -> Iterator[Row]:
    for number, line in enumerate(_text(data).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError):
            fields = None
        if not isinstance(fields, dict):
            raise CorpusError(f"{name}, line {number}: got {line[:60]!r}, wanted a JSON object")
        yield f"{name}, line {number}", {_column(name): value for name, value in fields.items()}


def _parquet(data: bytes, name: str) -> Iterator[Row]:
    for number, fields in enumerate(parquet_rows(data), start=1):
        yield f"{name}, row {number}", {_column(k): v for k, v in fields.items()}


def _text(data: bytes) -> str:
    """Return the file's text without a mark at its start, every line ending as a newline."""
    return io.TextIOWrapper(io.BytesIO(data), "utf-8-sig").read()


def _column(name: str) -> str:
    """Return a column's name as it was, but for the case of the names that are looked for."""
    lower = name.strip().lower()
    return lower if lower in (*NAME_FIELDS, *CAPTION_FIELDS, "attributes") else name.strip()


def _names(fields: Mapping[str, object]) -> str:
    return ", ".join(map(repr, fields)) or "none"
