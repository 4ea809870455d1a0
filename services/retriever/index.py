"""The images that the indexer embedded, as one collection of an engine. Knows commits and vectors.

N images, D shared space
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pairmill.core.errors import FormatError, RetryError
from pairmill.core.ids import digest_of
from pairmill.core.records import ImageRecord
from pairmill.pipeline.barrier import dead_shards, work_of
from pairmill.pipeline.commit import Commit, CommitLog, DataFile
from pairmill.pipeline.graph import Graph, Node
from pairmill.pipeline.images import load_catalog
from pairmill.pipeline.shard import read_vectors
from pairmill.ports.objects import ObjectStore
from pairmill.ports.vectors import VectorStore
from services.retriever.choice import Choice

AT_ONCE = 4096


@dataclass(frozen=True, kw_only=True)
class Index:
    """What one run indexed. records: by image id, those that have a vector. prefix: of the gallery
    among the objects. collection: name for an engine, with a digest of what fills it."""

    prefix: str
    collection: str
    records: dict[str, ImageRecord]
    ids: list[str]
    vectors_ND: NDArray[np.float32]

    @property
    def gallery(self) -> str:
        """The gallery's name."""
        return self.prefix.removeprefix("galleries/")

    def fill(self, engine: VectorStore, dim: int, hidden: Collection[str]) -> None:
        """See that the engine holds every image that is not hidden, and no hidden one."""
        engine.create(self.collection, dim)
        shown = [row for row, name in enumerate(self.ids) if name not in hidden]
        if hidden:
            engine.delete(self.collection, list(hidden))
        if engine.count(self.collection) >= len(shown):
            return
        for start in range(0, len(shown), AT_ONCE):
            rows = shown[start : start + AT_ONCE]
            names = [self.ids[row] for row in rows]
            engine.upsert(self.collection, names, self.vectors_ND[rows])


def read_index(objects: ObjectStore, graph: Graph, choice: Choice) -> Index:
    """Return what a run's index holds: of its own gallery, or else of its corpus.

    Raises RetryError while the run still indexes.
    """
    place = "@gallery" if graph.spec.gallery else ""
    node = graph.node(f"index{place}")
    commits = _finished(objects, graph, node)
    files = _files(commits, "vectors")
    ids, vectors_ND = read_vectors(objects, files)
    dedupe = list(CommitLog(objects, graph.node(f"dedupe{place}").commits).read_all())
    catalog = load_catalog(objects, _files(dedupe, "images"))
    unknown = next((name for name in ids if name not in catalog), None)
    if unknown is not None:
        raise FormatError(f"{node.commits}: image {unknown} is indexed, and no record tells of it")
    filled = digest_of([file.sha256 for file in files], length=8)
    return Index(prefix=node.home, collection=f"{choice.model}-{choice.version}-{filled}",
                 records={name: catalog[name] for name in ids}, ids=ids,
                 vectors_ND=vectors_ND)  # fmt: skip


def _finished(objects: ObjectStore, graph: Graph, node: Node) -> list[Commit]:
    commits = list(CommitLog(objects, node.commits).read_all())
    done = {commit.shard for commit in commits} | dead_shards(objects, graph, node)
    left = [t for t in work_of(objects, graph, node).tasks if t.shard not in done]
    if left or not commits:
        raise RetryError(f"run {graph.spec.name} still indexes: {len(left)} tasks are left")
    return commits


def _files(commits: list[Commit], data_set: str) -> list[DataFile]:
    found = [f for c in commits for f in c.files if f.data_set == data_set]
    return sorted(found, key=lambda file: (file.shard, file.key))
