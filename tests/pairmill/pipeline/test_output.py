"""What a stage puts: named by content, balanced, and counted by unit."""

from pathlib import Path

import numpy as np
import pytest

from pairmill.adapters.objects.folder import FolderObjects
from pairmill.core.ids import sha256_hex
from pairmill.core.records import Band, Reject
from pairmill.core.tables import from_arrow, from_parquet
from pairmill.pipeline.output import Output
from pairmill.pipeline.plan import stage

BANDS = [Band(space="caption", low=0.5, high=0.75, num_sampled=9)]


@pytest.fixture
def objects(tmp_path: Path) -> FolderObjects:
    """An empty store."""
    return FolderObjects(tmp_path)


def output(objects: FolderObjects, shard: str = "s1") -> Output:
    """Return a fresh output of one embedding task."""
    return Output(objects, "corpora/c", stage("embed"), shard)


def test_the_same_content_has_the_same_key_and_is_written_once(
    objects: FolderObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = output(objects).table("bands", Band, BANDS)
    monkeypatch.setattr(objects, "put", lambda key, data: 1 / 0)
    assert output(objects).table("bands", Band, iter(BANDS)) == first


def test_other_content_has_another_key_so_that_nobody_overwrites_a_winner(
    objects: FolderObjects,
) -> None:
    keys = {output(objects).blob("images", data, "tar").key for data in (b"a", b"b", b"c")}
    assert len(keys) == 3
    assert sorted(keys) == list(objects.list("corpora/c/images/"))


def test_a_file_is_named_by_shard_and_digest_and_its_note_is_true(objects: FolderObjects) -> None:
    file = output(objects).blob("images", b"data", "tar", 12)
    assert file.key == f"corpora/c/images/s1-{sha256_hex(b'data')[:16]}.tar"
    assert objects.get(file.key) == b"data"
    assert (file.data_set, file.shard, file.num_rows, file.num_bytes) == ("images", "s1", 12, 4)
    assert file.sha256 == sha256_hex(b"data")


def test_records_and_vectors_can_be_read_back_also_when_there_are_none(
    objects: FolderObjects,
) -> None:
    out, vectors_ND = output(objects), np.eye(3, 4, dtype=np.float32)
    assert from_parquet(Band, objects.get(out.table("bands", Band, BANDS).key)) == BANDS
    assert from_parquet(Band, objects.get(out.table("bands", Band, [], "s2").key)) == []
    ids, found_ND = from_arrow(
        objects.get(out.vectors("features", ["a", "b", "c"], vectors_ND).key)
    )
    assert ids == ["a", "b", "c"]
    np.testing.assert_array_equal(found_ND, vectors_ND)
    none = out.vectors("features", [], np.zeros((0, 4), np.float32))
    assert from_arrow(objects.get(none.key))[1].shape == (0, 4)
    assert (none.num_rows, out.files) == (0, tuple(sorted(out.files, key=lambda file: file.key)))


def test_one_task_may_write_several_shards(objects: FolderObjects) -> None:
    out = output(objects)
    for shard in ("p2", "p1"):
        out.table("pairs", Band, BANDS, shard=shard)
    assert [file.shard for file in out.files] == ["p1", "p2"]


def test_rejects_are_stored_and_counted_by_rule_and_unit(objects: FolderObjects) -> None:
    out = output(objects)
    out.reject("id1", "too_small", 31, keys=["a.png"])
    out.reject("id2", "too_small", 12)
    out.reject("id3", "caption_not_utf8", "x" * 1000, unit="caption")
    counts = out.close(inputs=5, outputs=3)
    assert (counts.rejects, counts.parts) == ({"too_small": 2}, {"caption_not_utf8": 1})
    (file,) = out.files
    rejects = from_parquet(Reject, objects.get(file.key))
    assert rejects[0] == Reject(record_id="id1", stage="embed", rule="too_small", value="31",
                                unit="image", keys=("a.png",))  # fmt: skip
    assert [(r.unit, len(r.value)) for r in rejects] == [("image", 2), ("image", 2),
                                                         ("caption", 200)]  # fmt: skip
    assert file.data_set == "rejects/embed"


def test_a_stage_that_loses_or_invents_records_is_stopped(objects: FolderObjects) -> None:
    for inputs, outputs in ((3, 2), (2, 3)):
        with pytest.raises(AssertionError, match="loses records"):
            output(objects).close(inputs=inputs, outputs=outputs)


def test_without_rejects_no_file_of_rejects_is_written(objects: FolderObjects) -> None:
    out = output(objects)
    assert out.close(inputs=2, outputs=2).balanced
    assert out.files == ()
