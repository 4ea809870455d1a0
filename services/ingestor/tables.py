"""Read a table of captions: CSV, TSV, JSONL or Parquet, one row per image or per caption.

Knows the local file that the user named; knows no image and no store.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pairmill.core.errors import CorpusError, RejectError
from services.ingestor.captions import CAPTION_FIELDS, Words, join, words_of

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
    """Return the table at `path`; several rows of one name are joined.

    Every column but the image's name and its caption becomes an attribute; a column `attributes`
    may hold a JSON object of them. Raises CorpusError that names the file and the line.
    """
    readers = {
        ".csv": _csv,
        ".tsv": _csv,
        ".jsonl": _jsonl,
        ".ndjson": _jsonl,
        ".parquet": _parquet,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise CorpusError(f"{path}: got {path.suffix or 'no ending'!r}, wanted one of "
                          f"{', '.join(readers)}; convert the captions to one of them")  # fmt: skip
    found: dict[str, list[Words]] = {}
    try:
        for place, fields in reader(path):
            name, words = _row(place, fields)
            found.setdefault(name, []).append(words)
    except (OSError, pa.ArrowInvalid, csv.Error) as error:
        raise CorpusError(f"{path}: wanted a readable table of captions, got: {error}") from None
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path}: got bytes that are not UTF-8 ({error.reason}), wanted UTF-8; "
                          "convert it, as with `iconv -t UTF-8`") from None  # fmt: skip
    if not found:
        raise CorpusError(f"{path}: got no rows, wanted one per image; check the file")
    return CaptionTable(path=str(path), rows={name: join(parts) for name, parts in found.items()})


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


def _csv(path: Path) -> Iterator[Row]:
    text = path.read_text("utf-8-sig")
    before = csv.field_size_limit(_LONGEST_CELL)
    try:
        delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
        lines = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        for fields in lines:
            place = f"{path}, line {lines.line_num}"
            if None in fields:
                raise CorpusError(f"{place}: got more cells than the {len(fields) - 1} columns; "
                                  "put quotes around text that holds the delimiter")  # fmt: skip
            yield place, {_column(name): value for name, value in fields.items()}
    finally:
        csv.field_size_limit(before)


def _jsonl(path: Path) -> Iterator[Row]:
    for number, line in enumerate(path.read_text("utf-8-sig").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError):
            fields = None
        if not isinstance(fields, dict):
            raise CorpusError(f"{path}, line {number}: got {line[:60]!r}, wanted a JSON object")
        yield f"{path}, line {number}", {_column(name): value for name, value in fields.items()}


def _parquet(path: Path) -> Iterator[Row]:
    number = 0
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches():
            for fields in batch.to_pylist():
                number += 1
                yield f"{path}, row {number}", {_column(k): v for k, v in fields.items()}


def _column(name: str) -> str:
    """Return a column's name as it was, but for the case of the names that are looked for."""
    lower = name.strip().lower()
    return lower if lower in (*NAME_FIELDS, *CAPTION_FIELDS, "attributes") else name.strip()


def _names(fields: Mapping[str, object]) -> str:
    return ", ".join(map(repr, fields)) or "none"
