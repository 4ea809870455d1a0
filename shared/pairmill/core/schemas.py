"""The written schema and version of every stored record. Knows no file and no store."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from pairmill.core import records as r
from pairmill.core.captions import MachineCaption
from pairmill.core.cells import Cell
from pairmill.core.errors import FormatError
from pairmill.core.synthesis import PairText, RawAnswer

VERSIONS = {
    "ImageRecord": 1,
    "MachineCaption": 1,
    "Pair": 1,
    "Description": 1,
    "Triplet": 1,
    "Reject": 1,
    "Vectors": 1,
    "Entry": 1,
    "Band": 1,
    "Cell": 1,
    "Split": 1,
    "RawAnswer": 1,
    "PairText": 1,
}

STRINGS, SHARES = pa.list_(pa.string()), pa.list_(pa.float64())
ATTRIBUTES = pa.map_(pa.string(), STRINGS)
CAPTIONS = pa.list_(pa.struct([("kind", pa.string()), ("text", pa.string())]))
RELATIONS = pa.list_(
    pa.struct([("space", pa.string()), ("rank", pa.int32()), ("score", pa.float32())])
)
PAIR = [
    ("pair_id", pa.string()),
    ("query_id", pa.string()),
    ("target_id", pa.string()),
    ("relations", RELATIONS),
    ("negatives", STRINGS),
]

SCHEMAS: dict[type, pa.Schema] = {
    r.ImageRecord: pa.schema(
        [
            ("image_id", pa.string()),
            ("keys", STRINGS),
            ("captions", CAPTIONS),
            ("attributes", ATTRIBUTES),
            ("source", pa.string()),
            ("format", pa.string()),
            ("width", pa.int32()),
            ("height", pa.int32()),
            ("store", pa.string()),
            ("offset", pa.int64()),
            ("length", pa.int64()),
            ("in_source", pa.bool_()),
        ]
    ),
    MachineCaption: pa.schema(
        [
            ("image_id", pa.string()),
            ("text", pa.string()),
            ("seen", pa.string()),
            ("parts", CAPTIONS),
            ("kind", pa.string()),
        ]
    ),
    r.Entry: pa.schema(
        [
            ("shard", pa.string()),
            ("key", pa.string()),
            ("object", pa.string()),
            ("offset", pa.int64()),
            ("length", pa.int64()),
            ("sidecar", pa.string()),
            ("sidecar_object", pa.string()),
            ("sidecar_offset", pa.int64()),
            ("sidecar_length", pa.int64()),
            ("captions", CAPTIONS),
            ("attributes", ATTRIBUTES),
            ("fault", pa.string()),
            ("value", pa.string()),
            ("unit", pa.string()),
        ]
    ),
    r.Band: pa.schema(
        [
            ("space", pa.string()),
            ("low", pa.float64()),
            ("high", pa.float64()),
            ("num_sampled", pa.int64()),
        ]
    ),
    Cell: pa.schema([("image_id", pa.string()), ("cell", pa.int32())]),
    r.Split: pa.schema([("pair_id", pa.string()), ("part", pa.string())]),
    RawAnswer: pa.schema(  # seconds and requests differ from run to run: they belong to the costs
        [
            ("ask_digest", pa.string()),
            ("stage", pa.string()),
            ("record_id", pa.string()),
            ("model", pa.string()),
            ("prompt_version", pa.string()),
            ("seed", pa.int64()),
            ("text", pa.string()),
            ("parsed_ok", pa.bool_()),
            ("fault", pa.string()),
            ("prompt_tokens", pa.int64()),
            ("completion_tokens", pa.int64()),
        ]
    ),
    PairText: pa.schema(
        [(name, pa.string()) for name in ("pair_id", "task", "kind", "language", "text", "answer")]
    ),
    r.Pair: pa.schema(PAIR),
    r.Description: pa.schema(
        [
            ("pair", pa.struct(PAIR)),
            ("shared", STRINGS),
            ("only_query", STRINGS),
            ("only_target", STRINGS),
            ("text", pa.string()),
            ("author", pa.string()),
        ]
    ),
    r.Triplet: pa.schema(
        [
            ("pair_id", pa.string()),
            ("query_id", pa.string()),
            ("target_id", pa.string()),
            ("relations", STRINGS),
            ("instructions", STRINGS),
            ("negatives", STRINGS),
            ("author", pa.string()),
            ("weights", SHARES),
            ("scores", SHARES),
        ]
    ),
    r.Reject: pa.schema(
        [
            ("record_id", pa.string()),
            ("stage", pa.string()),
            ("rule", pa.string()),
            ("value", pa.string()),
            ("unit", pa.string()),
            ("keys", STRINGS),
        ]
    ),
}

SPARE = ("weights", "scores")
"""Columns that a file has only where one of its records says something there: others are the bytes
that they were before there were such columns."""


def schema_of(kind: type, rows: Sequence[Mapping[str, Any]]) -> pa.Schema:
    """Return the schema of a file of these rows."""
    schema = SCHEMAS[kind]
    for name in SPARE:
        if name in schema.names and not any(row[name] for row in rows):
            schema = schema.remove(schema.get_field_index(name))
    return schema


def metadata(kind: str) -> dict[bytes, bytes]:
    """Return the file metadata that names a kind and its version."""
    return {b"pairmill.kind": kind.encode(), b"pairmill.version": str(VERSIONS[kind]).encode()}


def check(kind: str, found: Mapping[bytes, bytes]) -> None:
    """Raise FormatError unless a file's metadata names this kind in this version."""
    got = (found.get(b"pairmill.kind", b"nothing"), found.get(b"pairmill.version", b"0"))
    want = metadata(kind)
    if got != (want[b"pairmill.kind"], want[b"pairmill.version"]):
        raise FormatError(
            f"got a file of {got[0].decode()} version {got[1].decode()}, wanted {kind} version "
            f"{VERSIONS[kind]}; it was written by another version of Pairmill: use its own, or "
            "another output folder"
        )


def builder(kind: type) -> Callable[[dict[str, Any]], Any]:
    """Return the function that makes a record of `kind` from a row of plain values."""
    return lambda row: kind(**{name: _freeze(name, value) for name, value in row.items()})


def _freeze(name: str, value: Any) -> Any:
    if name in ("captions", "parts"):
        return tuple(r.Caption(**caption) for caption in value)
    if name == "attributes":
        return {key: tuple(values) for key, values in value}
    if name == "relations" and value and isinstance(value[0], dict):
        return tuple(r.Relation(**relation) for relation in value)
    if name == "pair":
        return builder(r.Pair)(value)
    return tuple(value) if isinstance(value, list) else value
