"""What one task reads: its configuration and the committed files of the stages it takes.

Knows commits and the object store port; knows no stage.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from pairmill.config import RunConfig
from pairmill.core.errors import FormatError
from pairmill.core.ids import sha256_hex
from pairmill.core.tables import from_arrow, from_parquet, ids_of_arrow
from pairmill.pipeline.commit import Commit, DataFile
from pairmill.pipeline.graph import Graph
from pairmill.ports.objects import ObjectStore

Record = TypeVar("Record")
Advance = Callable[[int], None]


@dataclass(frozen=True, kw_only=True)
class Shard:
    """One task's view of a run.

    node: the task's own node, such as `embed` or, inside the gallery, `embed@gallery`.
    commits: by node name (`embed`, or `embed@gallery` from outside the gallery), all that this
    task may read. own: nodes of which it reads only the files of its own shard.
    """

    name: str
    graph: Graph
    home: str
    commits: Mapping[str, tuple[Commit, ...]]
    own: frozenset[str] = frozenset()
    node: str = ""

    @property
    def config(self) -> RunConfig:
        """The run's configuration."""
        return self.graph.spec.config

    def upstream(self, stage: str) -> str:
        """Return the name of `stage`'s node at this task's own place: corpus or gallery."""
        return stage + "@gallery" if self.node.endswith("@gallery") else stage

    def files(self, node: str, data_set: str) -> list[DataFile]:
        """Return the committed files of one data set, in order of shards; KeyError for a node
        that the plan does not let this task read."""
        found = [f for c in self.commits[node] for f in c.files if f.data_set == data_set]
        if node in self.own:
            found = [file for file in found if file.shard == self.name]
        return sorted(found, key=lambda file: (file.shard, file.key))

    def facts(self, node: str) -> Mapping[str, Any]:
        """Return the facts of a node that committed once."""
        (commit,) = self.commits[node]
        return commit.facts

    def digest(self) -> str:
        """Return the digest of everything this task reads."""
        names = [f"{node}:{c.digest}" for node, cs in sorted(self.commits.items()) for c in cs]
        return sha256_hex("\n".join(names).encode())


def read_file(objects: ObjectStore, file: DataFile) -> bytes:
    """Return a committed file's bytes; FormatError if they are not those committed."""
    try:
        data = objects.get(file.key)
    except KeyError:
        raise FormatError(f"{file.key}: committed but missing; restore it, or run anew") from None
    if sha256_hex(data) != file.sha256:
        raise FormatError(f"{file.key}: its bytes are not those committed; restore it, or run anew")
    return data


def read_records(
    objects: ObjectStore, files: list[DataFile], kind: type[Record]
) -> Iterator[Record]:
    """Yield the records of Parquet files, in order."""
    for file in files:
        yield from from_parquet(kind, read_file(objects, file))


def read_vectors(
    objects: ObjectStore, files: list[DataFile]
) -> tuple[list[str], NDArray[np.float32]]:
    """Return all ids and vectors, (N, D), of Arrow files; (0, 0) where there are none."""
    parts = [from_arrow(read_file(objects, file)) for file in files]
    parts = [part for part in parts if part[0]]
    if not parts:
        return [], np.zeros((0, 0), np.float32)
    return [i for ids, _ in parts for i in ids], np.concatenate([v for _, v in parts])


def read_ids(objects: ObjectStore, files: list[DataFile]) -> set[str]:
    """Return the ids of all vectors of Arrow files."""
    return {i for file in files for i in ids_of_arrow(read_file(objects, file))}
