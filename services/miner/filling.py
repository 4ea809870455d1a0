"""Fill an engine's collection from the embeddings' commits. Knows no query and no pair.

A collection's name holds a digest of what fills it, so that a corpus that has grown never meets
the vectors it had before. Any number of tasks may fill one at once: they begin at different
files, and leave out those that another has filled.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pairmill.core.errors import ConfigError, RetryError
from pairmill.core.ids import digest_of, sha256_hex
from pairmill.pipeline.commit import DataFile
from pairmill.pipeline.progress import Progress
from pairmill.pipeline.shard import Shard, read_vectors
from pairmill.ports.objects import ObjectStore
from pairmill.ports.vectors import VectorStore


@dataclass(frozen=True, kw_only=True)
class Collection:
    """One space's vectors: their name in an engine, size, number, and files, in order of filling.

    own: the files of the task's own shard.
    """

    name: str
    dim: int
    total: int
    files: tuple[DataFile, ...]
    own: tuple[DataFile, ...]


def space_files(shard: Shard, space: str) -> list[DataFile]:
    """Return the files of a space's embeddings that hold any, in order of shards."""
    named = shard.files("embed", f"embeddings/{_facts(shard, space)['space_id']}")
    return [file for file in named if file.num_rows]


def collection_of(shard: Shard, space: str) -> Collection:
    """Return where a space's vectors are searched, and what fills it."""
    found, files = _facts(shard, space), tuple(space_files(shard, space))
    digest = digest_of([file.sha256 for file in files])
    # an engine of this process is filled by one task, and always in the order of shards
    shared = bool(files) and shard.config.mining.engine == "qdrant"
    first = int(sha256_hex(shard.name.encode()), 16) % len(files) if shared else 0
    return Collection(
        name=f"{shard.graph.spec.corpus}-{found['space_id']}-{digest}",
        dim=found["dim"],
        total=sum(file.num_rows for file in files),
        files=files[first:] + files[:first],
        own=tuple(file for file in files if file.shard == shard.name),
    )


def fill(
    collection: Collection, vectors: VectorStore, objects: ObjectStore, progress: Progress
) -> None:
    """Leave a collection alone that holds all; else write what is missing.

    Once round, a file whose last vector is there is taken to be there: they are written in order.
    Should the count still be wrong then, everything is written again.
    """
    name, count = collection.name, vectors.count(collection.name)
    if count == collection.total:
        return
    if count > collection.total:
        vectors.drop(name)
    _create(collection, vectors)
    for trusting in (True, False):
        for file in collection.files:
            progress.advance(0)
            ids, vectors_ND = read_vectors(objects, [file])
            if trusting and _holds(vectors, name, ids[-1]):
                if vectors.count(name) == collection.total:
                    return
                continue
            vectors.upsert(name, ids, vectors_ND)
        if vectors.count(name) == collection.total:
            return
    raise RetryError(
        f"{name}: the vector engine holds {vectors.count(name)} vectors after it was given "
        f"{collection.total}; wanted as many: is the collection being changed by others?"
    )


def _create(collection: Collection, vectors: VectorStore) -> None:
    """Make the collection; one of another size is somebody's mistake, which no attempt mends."""
    try:
        vectors.create(collection.name, collection.dim)
    except ValueError as error:
        raise ConfigError(
            f"the vector engine refuses the collection of a space: {error}; then try the run again"
        ) from None


def _facts(shard: Shard, space: str) -> Mapping[str, Any]:
    named: dict[str, Mapping[str, Any]] = {
        facts["name"]: facts
        for commit in shard.commits["embed"]
        for facts in commit.facts["spaces"]
    }
    return named[space]


def _holds(vectors: VectorStore, name: str, image: str) -> bool:
    try:
        vectors.fetch(name, [image])
    except KeyError:
        return False
    return True
