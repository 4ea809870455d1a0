"""Where a stage puts what it made: data files named by content, and rejects.

Knows records and the object store port; knows no stage. What is put here counts for nothing
until the task's commit names it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairmill.core.ids import sha256_hex
from pairmill.core.records import Reject
from pairmill.core.tables import to_arrow, to_parquet
from pairmill.pipeline.commit import Counts, DataFile
from pairmill.pipeline.plan import Stage
from pairmill.ports.objects import ObjectStore


class Output:
    """The outputs of one task, beneath one home prefix such as `runs/<run>`."""

    def __init__(self, objects: ObjectStore, home: str, stage: Stage, shard: str) -> None:
        self._objects = objects
        self._home = home
        self._stage = stage
        self._shard = shard
        self._files: list[DataFile] = []
        self._rejects: list[Reject] = []
        self.facts: dict[str, Any] = {}

    def table(
        self, data_set: str, kind: type, records: Iterable[Any], shard: str | None = None
    ) -> DataFile:
        """Write records of one kind as Parquet."""
        rows = list(records)
        return self.blob(data_set, to_parquet(kind, rows), "parquet", len(rows), shard)

    def vectors(self, data_set: str, ids: Sequence[str], vectors_ND: NDArray[Any]) -> DataFile:
        """Write ids with float16 vectors, (N, D), as Arrow IPC."""
        data = to_arrow(ids, np.asarray(vectors_ND))
        return self.blob(data_set, data, "arrow", len(ids))

    def blob(
        self, data_set: str, data: bytes, ending: str, num_rows: int = 1, shard: str | None = None
    ) -> DataFile:
        """Write bytes that hold so many rows, under a name with this ending."""
        sha256, name = sha256_hex(data), shard or self._shard
        key = f"{self._home}/{data_set}/{name}-{sha256[:16]}.{ending}"
        if not self._objects.exists(key):
            self._objects.put(key, data)
        file = DataFile(data_set=data_set, key=key, shard=name, sha256=sha256,
                        num_rows=num_rows, num_bytes=len(data))  # fmt: skip
        self._files.append(file)
        return file

    def reject(
        self, record_id: str, rule: str, value: object, *, keys: Iterable[str] = (), unit: str = ""
    ) -> None:
        """Leave a record out. `unit` is the stage's own unless said otherwise."""
        self._rejects.append(
            Reject(record_id=record_id, stage=self._stage.name, rule=rule,
                   value=str(value)[:200], unit=unit or self._stage.unit, keys=tuple(keys))
        )  # fmt: skip

    def close(self, *, inputs: int, outputs: int) -> Counts:
        """Write the rejects and return the counts; they must balance."""
        own = Counter(r.rule for r in self._rejects if r.unit == self._stage.unit)
        parts = Counter(r.rule for r in self._rejects if r.unit != self._stage.unit)
        counts = Counts(inputs=inputs, outputs=outputs, rejects=dict(own), parts=dict(parts))
        assert counts.balanced, f"{self._stage.name}/{self._shard} loses records: {counts}"
        if self._rejects:
            self.table(f"rejects/{self._stage.name}", Reject, self._rejects)
        return counts

    @property
    def files(self) -> tuple[DataFile, ...]:
        """What was written so far, in order of keys."""
        return tuple(sorted(self._files, key=lambda file: file.key))
