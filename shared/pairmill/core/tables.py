"""Turn records into Parquet bytes and back, and vectors into Arrow IPC and back.

Knows records and their schemas; knows no store. Equal records give equal bytes.
"""

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pairmill.core import schemas
from pairmill.core.errors import FormatError

Record = TypeVar("Record")


def to_parquet(kind: type[Record], records: Iterable[Record]) -> bytes:
    """Return the Parquet (zstd) bytes of records of one kind, with schema and version."""
    rows = [_row(record) for record in records]
    schema = schemas.SCHEMAS[kind].with_metadata(schemas.metadata(kind.__name__))
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), sink, compression="zstd")
    return sink.getvalue()


def _row(record: object) -> dict[str, Any]:
    row: dict[str, Any] = asdict(record)  # type: ignore[call-overload]
    if "attributes" in row:  # equal mappings may differ in order
        row["attributes"] = dict(sorted(row["attributes"].items()))
    return row


def from_parquet(kind: type[Record], data: bytes) -> list[Record]:
    """Return the records of Parquet bytes.

    Raises FormatError if they hold another kind or another version of it.
    """
    try:
        table = pq.read_table(pa.BufferReader(data))
    except (pa.ArrowInvalid, OSError) as error:
        raise FormatError(f"wanted Parquet of {kind.__name__}, got: {error}") from None
    schemas.check(kind.__name__, table.schema.metadata or {})
    build: Callable[[dict[str, Any]], Record] = schemas.builder(kind)
    return [build(row) for row in table.to_pylist()]


def to_arrow(ids: Sequence[str], vectors_ND: NDArray[Any]) -> bytes:
    """Return Arrow IPC bytes of ids and float16 vectors, (N, D), in one file."""
    half = np.ascontiguousarray(vectors_ND, dtype=np.float16)
    if half.shape[0] != len(ids):
        raise ValueError(f"{len(ids)} ids for {half.shape[0]} vectors")
    if not np.isfinite(half).all():
        raise ValueError("vectors must be finite, also as float16")
    values = pa.FixedSizeListArray.from_arrays(pa.array(half.reshape(-1)), half.shape[1])
    table = pa.table({"image_id": pa.array(ids, pa.string()), "vector": values})
    table = table.replace_schema_metadata(schemas.metadata("Vectors"))
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def from_arrow(data: bytes) -> tuple[list[str], NDArray[np.float32]]:
    """Return ids and float32 vectors, (N, D), of Arrow IPC bytes."""
    table = _vectors(data)
    column = table["vector"].combine_chunks()
    flat = column.flatten().to_numpy(zero_copy_only=False).astype(np.float32)
    return table["image_id"].to_pylist(), flat.reshape(len(table), column.type.list_size)


def ids_of_arrow(data: bytes) -> list[str]:
    """Return the ids of Arrow IPC bytes, without their vectors."""
    found: list[str] = _vectors(data)["image_id"].to_pylist()
    return found


def _vectors(data: bytes) -> pa.Table:
    try:
        table = pa.ipc.open_file(pa.BufferReader(data)).read_all()
    except (pa.ArrowInvalid, OSError) as error:
        raise FormatError(f"wanted an Arrow file of vectors, got: {error}") from None
    schemas.check("Vectors", table.schema.metadata or {})
    return table
