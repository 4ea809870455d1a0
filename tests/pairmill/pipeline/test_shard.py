"""What a task sees of a run: committed files of the nodes it takes, checked by digest."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from pairmill.adapters.objects.folder import FolderObjects
from pairmill.config import RunConfig
from pairmill.core.errors import FormatError
from pairmill.core.records import Band, Reject
from pairmill.pipeline.commit import Commit, Counts
from pairmill.pipeline.graph import Graph, RunSpec
from pairmill.pipeline.output import Output
from pairmill.pipeline.plan import stage
from pairmill.pipeline.shard import Shard, read_file, read_records, read_vectors

SPEC = RunSpec(name="r", corpus="c", config=RunConfig(seed=7), encoder_id="e")


@pytest.fixture
def objects(tmp_path: Path) -> FolderObjects:
    """An empty store."""
    return FolderObjects(tmp_path)


def committed(objects: FolderObjects, shard: str, facts: Mapping[str, int] | None = None) -> Commit:
    """Write bands and vectors of a shard and return their commit."""
    out = Output(objects, "corpora/c", stage("embed"), shard)
    out.table("bands", Band, [Band(space=shard, low=0, high=1, num_sampled=2)])
    out.vectors("features", [f"{shard}-{i}" for i in range(2)], np.eye(2, 3, dtype=np.float32))
    out.vectors("empty", [], np.zeros((0, 3), np.float32))
    return Commit(node="embed", shard=shard, inputs="0", files=out.files, facts=facts or {},
                  counts=Counts(inputs=2, outputs=2))  # fmt: skip


def task(commits: Mapping[str, tuple[Commit, ...]], own: frozenset[str] = frozenset()) -> Shard:
    """Return a task of the shard s1 that may read these commits."""
    return Shard(name="s1", graph=Graph(SPEC), home="runs/r", commits=commits, own=own)


def test_files_come_in_the_order_of_shards_whatever_the_order_of_commits(
    objects: FolderObjects,
) -> None:
    commits = tuple(committed(objects, shard) for shard in ("s3", "s1", "s2"))
    found = task({"embed": commits})
    assert [file.shard for file in found.files("embed", "bands")] == ["s1", "s2", "s3"]
    records = read_records(objects, found.files("embed", "bands"), Band)
    assert [record.space for record in records] == ["s1", "s2", "s3"]
    assert found.files("embed", "nothing") == []
    with pytest.raises(KeyError):
        found.files("mine", "bands")  # a node that the plan does not let it read


def test_of_its_own_nodes_a_task_sees_only_its_own_shard(objects: FolderObjects) -> None:
    commits = tuple(committed(objects, shard) for shard in ("s1", "s2"))
    found = task({"embed": commits, "mine": commits}, own=frozenset({"embed"}))
    assert [file.shard for file in found.files("embed", "bands")] == ["s1"]
    assert [file.shard for file in found.files("mine", "bands")] == ["s1", "s2"]


def test_a_task_knows_its_configuration_and_the_facts_of_a_gathering_node(
    objects: FolderObjects,
) -> None:
    found = task({"bands": (committed(objects, "all", facts={"n": 3}),)})
    assert found.config.seed == 7
    assert found.facts("bands") == {"n": 3}
    assert found.upstream("embed") == "embed"
    inside = Shard(name="s1", node="embed@gallery", graph=Graph(SPEC), home="h", commits={})
    assert inside.upstream("dedupe") == "dedupe@gallery"


def test_the_digest_changes_exactly_when_something_that_is_read_changes(
    objects: FolderObjects,
) -> None:
    one, other = committed(objects, "s1"), committed(objects, "s2")
    base = task({"embed": (one,), "mine": (other,)}).digest()
    assert task({"mine": (other,), "embed": (one,)}).digest() == base
    changed: list[dict[str, tuple[Commit, ...]]] = [
        {"embed": (one,)},
        {"embed": (one, other), "mine": (other,)},
        {"embed": (other,), "mine": (one,)},
        {"embed": (committed(objects, "s1", facts={"n": 1}),), "mine": (other,)},
    ]
    digests = {task(commits).digest() for commits in changed}
    assert len(digests) == len(changed)
    assert base not in digests


def test_vectors_of_all_files_come_together_and_empty_ones_are_passed_over(
    objects: FolderObjects,
) -> None:
    found = task({"embed": tuple(committed(objects, shard) for shard in ("s1", "s2"))})
    files = found.files("embed", "empty") + found.files("embed", "features")
    ids, vectors_ND = read_vectors(objects, files)
    assert ids == ["s1-0", "s1-1", "s2-0", "s2-1"]
    np.testing.assert_array_equal(vectors_ND, np.tile(np.eye(2, 3, dtype=np.float32), (2, 1)))
    for none in ([], found.files("embed", "empty")):
        ids, vectors_ND = read_vectors(objects, none)
        assert (ids, vectors_ND.shape) == ([], (0, 0))


def test_a_file_that_is_gone_or_is_not_the_committed_one_is_refused(objects: FolderObjects) -> None:
    found = task({"embed": (committed(objects, "s1"),)})
    (file,) = found.files("embed", "bands")
    whole = objects.get(file.key)
    assert read_file(objects, file) == whole
    for data in (whole[:-1], whole + b"x", b"", b"x" + whole[1:]):
        objects.put(file.key, data)
        with pytest.raises(FormatError, match="not those committed"):
            read_file(objects, file)
    objects.delete(file.key)
    with pytest.raises(FormatError, match="committed but missing"):
        list(read_records(objects, [file], Band))


def test_a_file_of_another_kind_is_refused(objects: FolderObjects) -> None:
    found = task({"embed": (committed(objects, "s1"),)})
    with pytest.raises(FormatError, match="wanted Reject"):
        list(read_records(objects, found.files("embed", "bands"), Reject))
