"""Turn records into Parquet bytes and back, and vectors into Arrow IPC and back.

Knows records and their schemas; knows no store. Equal records give equal bytes. Parquet is read by
the calling thread alone: a thread of Arrow's may be the last to let go of Python's bytes, after the
reader has returned; a program that ends in that moment is aborted by it.
"""

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pairmill.core import schemas
from pairmill.core.errors import FormatError

Record = TypeVar("Record")


def to_parquet(kind: type[Record], records: Iterable[Record]) -> bytes:
    """Return the Parquet (zstd) bytes of records of one kind, with schema and version."""
    rows = [_row(record) for record in records]
    schema = schemas.schema_of(kind, rows).with_metadata(schemas.metadata(kind.__name__))
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), sink, compression="zstd")
    return sink.getvalue()


def _row(record: object) -> dict[str, Any]:
    row: dict[str, Any] = asdict(record)  # type: ignore[call-overload]
    if "attributes" in row:  # equal mappings may differ in order
        row["attributes"] = dict(sorted(row["attributes"].items()))
    return row


def from_parquet(
    kind: type[Record], data: bytes, *, where: tuple[str, str] | None = None
) -> list[Record]:
    """Return the records of Parquet bytes.

    where: a column and a text; of rows that have another there, no records are made. Raises
    FormatError if the bytes hold another kind or another version of it.
    """
    build: Callable[[dict[str, Any]], Record] = schemas.builder(kind)
    try:
        with _open(data) as file:
            schemas.check(kind.__name__, file.schema_arrow.metadata or {})
            batches = [_chosen(batch, where) for batch in _batches(file)]
    except (pa.ArrowInvalid, OSError) as error:
        raise FormatError(f"wanted Parquet of {kind.__name__}, got: {error}") from None
    return [build(row) for batch in batches for row in batch.to_pylist()]


def parquet_rows(data: bytes) -> Iterator[dict[str, Any]]:
    """Yield the rows of anybody's Parquet bytes; pa.ArrowInvalid or OSError where they are none."""
    with _open(data) as file:
        for batch in _batches(file):
            yield from batch.to_pylist()


def _open(data: bytes) -> pq.ParquetFile:
    return pq.ParquetFile(pa.BufferReader(data), pre_buffer=False)


def _batches(file: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    found: Iterator[pa.RecordBatch] = file.iter_batches(use_threads=False)
    return found


def _chosen(batch: pa.RecordBatch, where: tuple[str, str] | None) -> pa.RecordBatch:
    if where is None:
        return batch
    column, text = where
    return batch.filter(pc.equal(batch[column], text))


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
