"""Mining over a vector server: filled by many at once, healed, and exact to the byte."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pairmill.adapters.vectors.exact import ExactVectors
from pairmill.adapters.vectors.qdrant import QdrantVectors
from pairmill.core.errors import ConfigError, RetryError
from pairmill.core.records import Pair
from pairmill.pipeline.progress import Silent
from pairmill.pipeline.shard import Shard, read_vectors
from pairmill.ports.queue import Task
from pairmill.worker import Worker
from pairmill.working.desk import open_shard
from services.miner.filling import Collection, collection_of, fill
from tests.servers.qdrant.process import AnyQdrant
from tests.services.miner.small_run import (
    CONFIG,
    IDS,
    NUM,
    SHARD,
    commits,
    read,
    run,
    vectors_of,
)

ON_SERVER = CONFIG.model_copy(update={"engine": "qdrant", "hnsw_ef": 0})
SHARDS = [f"{number:06d}" for number in range(NUM // SHARD)]


class Counted(ExactVectors):
    """An exact engine that counts what it is given."""

    num_written = 0

    def upsert(self, collection: str, ids: Sequence[str], vectors_ND: NDArray[np.float32]) -> None:
        self.num_written += len(ids)
        super().upsert(collection, ids, vectors_ND)


def shard_of(worker: Worker, name: str) -> Shard:
    return open_shard(worker.ports, worker.graph, Task(run="r", node="mine", shard=name))


@pytest.fixture
def worker(tmp_path: Path) -> Worker:
    return run(tmp_path, ON_SERVER, engine=ExactVectors())


@pytest.fixture
def collection(worker: Worker) -> Collection:
    return collection_of(shard_of(worker, SHARDS[0]), "visual_pattern")


@pytest.mark.servers
def test_a_server_that_searches_exactly_gives_the_bytes_of_the_engine_in_process(
    tmp_path: Path, qdrant_server: AnyQdrant
) -> None:
    server = QdrantVectors(qdrant_server.settings())
    runs = [run(tmp_path / "server", ON_SERVER, engine=server),
            run(tmp_path / "exact", CONFIG)]  # fmt: skip
    assert read(runs[0], "mine", "candidates", Pair)
    for node in ("mine", "select"):
        assert [c.to_json() for c in commits(runs[0], node)] == [
            c.to_json() for c in commits(runs[1], node)
        ]
    server.close()


@pytest.mark.servers
def test_many_miners_at_once_leave_one_whole_collection(
    worker: Worker, qdrant_server: AnyQdrant
) -> None:
    shards = [shard_of(worker, name) for name in SHARDS] * 3
    store = QdrantVectors(qdrant_server.settings())
    wanted = collection_of(shards[0], "caption")
    store.drop(wanted.name)

    def mine_one(shard: Shard) -> None:
        own = QdrantVectors(qdrant_server.settings())
        fill(collection_of(shard, "caption"), own, worker.ports.objects, Silent())
        own.close()

    with ThreadPoolExecutor(len(shards)) as pool:
        list(pool.map(mine_one, shards))
    assert store.count(wanted.name) == wanted.total == NUM - len(SHARDS)
    ids, vectors_ND = read_vectors(worker.ports.objects, list(wanted.files))
    np.testing.assert_array_equal(store.fetch(wanted.name, ids), vectors_ND)
    store.close()


def test_tasks_begin_to_fill_at_different_files_and_only_where_the_engine_is_shared(
    tmp_path: Path, worker: Worker
) -> None:
    shared = [collection_of(shard_of(worker, name), "caption") for name in SHARDS]
    assert len({c.name for c in shared}) == 1
    assert len({frozenset(c.files) for c in shared}) == 1
    assert len({c.files for c in shared}) > 1
    alone = run(tmp_path / "alone", CONFIG)
    inside = [collection_of(shard_of(alone, name), "caption") for name in SHARDS]
    assert [file.shard for file in inside[0].files] == SHARDS
    assert len({c.files for c in inside}) == 1


def test_what_another_task_has_filled_is_not_written_again(
    worker: Worker, collection: Collection
) -> None:
    engine, objects = Counted(), worker.ports.objects
    engine.create(collection.name, collection.dim)
    for file in collection.files[1:]:
        engine.upsert(collection.name, *read_vectors(objects, [file]))
    fill(collection, engine, objects, Silent())
    assert engine.count(collection.name) == engine.num_written == NUM
    fill(collection, engine, objects, Silent())
    assert engine.num_written == NUM


def test_a_collection_with_holes_or_with_strangers_is_made_whole(
    worker: Worker, collection: Collection
) -> None:
    engine, objects = ExactVectors(), worker.ports.objects
    fill(collection, engine, objects, Silent())
    engine.delete(collection.name, IDS[:3])
    fill(collection, engine, objects, Silent())
    assert engine.count(collection.name) == NUM
    engine.upsert(collection.name, ["f" * 32], vectors_of("visual_pattern")[:1])
    fill(collection, engine, objects, Silent())
    assert engine.count(collection.name) == NUM
    engine.drop(collection.name)
    fill(collection, engine, objects, Silent())
    ids, vectors_ND = read_vectors(objects, list(collection.files))
    np.testing.assert_array_equal(engine.fetch(collection.name, ids), vectors_ND)


def test_a_collection_of_another_size_stops_the_run(worker: Worker, collection: Collection) -> None:
    engine = ExactVectors()
    engine.create(collection.name, collection.dim + 1)
    with pytest.raises(ConfigError, match=f"has size {collection.dim + 1}; drop it first"):
        fill(collection, engine, worker.ports.objects, Silent())
    engine.drop(collection.name)
    fill(collection, engine, worker.ports.objects, Silent())
    assert engine.count(collection.name) == NUM


def test_an_engine_that_loses_what_it_is_given_is_tried_again_later(
    worker: Worker, collection: Collection
) -> None:
    class Lossy(ExactVectors):
        def upsert(
            self, collection: str, ids: Sequence[str], vectors_ND: NDArray[np.float32]
        ) -> None:
            super().upsert(collection, ids[:-1], vectors_ND[:-1])

    with pytest.raises(RetryError, match=f"holds {NUM - len(SHARDS)} vectors .* given {NUM}"):
        fill(collection, Lossy(), worker.ports.objects, Silent())


def test_a_corpus_of_other_content_is_searched_in_another_collection(
    tmp_path: Path, collection: Collection
) -> None:
    changed = run(tmp_path / "b", ON_SERVER, engine=ExactVectors(),
                  embeddings=lambda space: vectors_of(space)[::-1])  # fmt: skip
    other = collection_of(shard_of(changed, SHARDS[0]), "visual_pattern")
    assert other.name != collection.name
    assert other.name.startswith("c-visual_pattern-id-")
