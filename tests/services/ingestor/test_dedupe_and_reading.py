from pathlib import Path
from typing import Any

import pytest

from pairmill.config import IngestConfig
from pairmill.core.errors import FormatError, RejectError
from pairmill.pipeline.images import load_catalog, read_image


def ready(world: Any) -> Any:
    """Five files of three contents in shards of two: a b | a' c | b'."""
    for name, seed in (("1", 1), ("2", 2), ("3", 1), ("4", 4), ("5", 2)):
        world.source.put(f"{name}.jpg", world.encoded(seed))
        words = f'{{"caption": ["text {name}", "both"], "colour": "{name}"}}'
        world.source.put(f"{name}.json", words.encode())
    world.config = IngestConfig(shard_images=2, store=world.config.store)
    world.enlist()
    world.ingest()
    return world


def test_the_first_of_equal_images_stays_with_all_keys_captions_and_attributes(world: Any) -> None:
    counts = ready(world).dedupe()
    assert (counts.inputs, counts.outputs, counts.rejects) == (5, 3, {"duplicate": 2})
    assert [r.keys for r in world.images("dedupe")] == [("1", "3"), ("2", "5"), ("4",)]
    first = world.images("dedupe")[0]
    assert [c.text for c in first.captions] == ["text 1", "both", "text 3"]
    assert first.attributes == {"colour": ("1", "3")}
    assert [file.shard for file in world.files("dedupe")] == ["000000", "000001", "000002"]
    assert [file.num_rows for file in world.files("dedupe")] == [2, 1, 0]


def test_the_others_are_rejects_that_name_the_one_kept(world: Any) -> None:
    ready(world).dedupe()
    kept = world.images("dedupe")[0]
    reject = next(r for r in world.rejects("dedupe") if r.record_id == "3")
    assert (reject.rule, reject.value) == ("duplicate", f"{kept.image_id} kept as 1")
    assert reject.keys == (kept.image_id, "3")


def test_an_image_is_read_by_its_record(world: Any) -> None:
    ready(world).dedupe()
    for record in world.images("dedupe"):
        data = read_image(record, world.objects, world.source)
        assert data == world.source[f"{record.keys[0]}.jpg"]


def test_stored_bytes_that_are_gone_or_cut_are_a_clear_error(world: Any) -> None:
    ready(world)
    record = world.images()[0]
    world.objects[record.store] = world.objects[record.store][: record.offset + 5]
    with pytest.raises(FormatError, match="got 5 bytes at 512"):
        read_image(record, world.objects, world.source)
    world.objects.delete(record.store)
    with pytest.raises(FormatError, match="run anew"):
        read_image(record, world.objects, world.source)


def test_a_referenced_image_that_changed_or_vanished_is_rejected_by_name(world: Any) -> None:
    world.config = IngestConfig(store="reference")
    record = ready(world).images()[0]
    assert read_image(record, world.objects, world.source) == world.encoded(1)
    world.source["1.jpg"] = bytes(len(world.source["1.jpg"]))
    with pytest.raises(RejectError, match="source_changed"):
        read_image(record, world.objects, world.source)
    world.source.delete("1.jpg")
    with pytest.raises(RejectError, match="source_missing"):
        read_image(record, world.objects, world.source)


def test_a_catalogue_is_read_once_per_set_of_files(world: Any) -> None:
    ready(world).dedupe()
    files = world.files("dedupe")
    catalog = load_catalog(world.objects, files)
    assert list(catalog) == [r.image_id for r in world.images("dedupe")]
    assert load_catalog(world.objects, list(files)) is catalog
    for others in (files[:1], files[:2], files[1:2], files[1:]):
        load_catalog(world.objects, others)
    assert load_catalog(world.objects, files) is not catalog
    assert load_catalog(world.objects, files) == catalog


def test_a_real_corpus_goes_in_whole_and_its_equal_files_are_joined(
    corpora: Path, world: Any
) -> None:
    world.source.put("t.tar", (corpora / "fluent-emoji" / "train-004.tar").read_bytes())
    entries = world.enlist()
    (counts,) = world.ingest()
    assert (counts.inputs, counts.outputs) == (len(entries), len(entries))
    assert world.dedupe().balanced
    record = world.images("dedupe")[0]
    assert record.captions[0].kind == "tar"
    assert {"style", "keywords", "concept"} <= record.attributes.keys()
