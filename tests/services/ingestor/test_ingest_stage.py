import io
import json
import struct
import tarfile
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pairmill.config import IngestConfig
from pairmill.core.errors import CorpusError, FormatError
from pairmill.core.ids import image_id
from pairmill.core.records import Caption


def located() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F] = "maker"
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 0.0)
    return exif


def huge_header() -> bytes:
    head = struct.pack(">4sIIBBBBB", b"IHDR", 40_000, 40_000, 8, 2, 0, 0, 0)
    crc = struct.pack(">I", zlib.crc32(head))
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + crc


def kept(world: Any, place: int = 0) -> bytes:
    record = world.images()[place]
    data: bytes = world.objects.get_range(record.store, record.offset, record.length)
    return data


def run(world: Any) -> Any:
    world.enlist()
    return world.ingest()


def test_a_small_plain_image_is_kept_byte_by_byte_in_one_range(world: Any) -> None:
    data = world.encoded()
    world.source.put("a.jpg", data)
    world.source.put("a.txt", b"a dog")
    (counts,) = run(world)
    (record,) = world.images()
    assert (counts.inputs, counts.outputs) == (1, 1)
    assert (record.image_id, record.keys) == (image_id(data), ("a",))
    assert record.captions == (Caption(kind="sidecar", text="a dog"),)
    assert (record.format, record.width, record.height) == ("jpeg", 48, 40)
    assert kept(world) == data


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF", "AVIF", "TIFF"])
def test_turned_and_located_images_are_kept_upright_and_without_a_place(
    world: Any, kind: str
) -> None:
    exif = located()
    world.source.put(
        "a.jpg", world.encoded(0, kind, exif=exif.tobytes() if kind == "HEIF" else exif)
    )
    run(world)
    (record,) = world.images()
    image = Image.open(io.BytesIO(kept(world)))
    assert (record.format, record.width, record.height) == ("jpeg", 40, 48)
    assert (image.format, image.size) == ("JPEG", (40, 48))
    assert not image.getexif()
    assert {"exif", "xmp", "icc_profile", "comment"}.isdisjoint(image.info)
    assert image.layer == [(1, 1, 1, 0), (2, 1, 1, 1), (3, 1, 1, 1)]  # type: ignore[attr-defined]


def test_a_location_alone_is_dropped_and_the_picture_stays_as_it_is(world: Any) -> None:
    exif = located()
    del exif[0x0112]
    world.source.put("a.jpg", world.encoded(0, "JPEG", exif=exif, quality=95))
    run(world)
    found = np.asarray(Image.open(io.BytesIO(kept(world)))).astype(int)
    assert b"Exif" not in kept(world)
    assert np.abs(found - np.asarray(world.picture()).astype(int)).mean() < 3


def test_a_transparent_png_is_kept_on_white(world: Any) -> None:
    image = world.picture().convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 20, 40))
    world.source.put("a.png", world.encoded(image, "PNG"))
    run(world)
    stored = Image.open(io.BytesIO(kept(world)))
    assert world.images()[0].format == "jpeg"
    assert min(stored.getpixel((5, 20))) > 250  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_large_image_is_reduced_to_its_longest_side(world: Any, kind: str) -> None:
    world.config = IngestConfig(longest_side=64)
    world.source.put("a.jpg", world.encoded(world.picture(1, (1000, 300)), kind))
    world.source.put("b.jpg", world.encoded(world.picture(2, (64, 64)), kind))
    run(world)
    large, small = world.images()
    assert (large.width, large.height) == Image.open(io.BytesIO(kept(world))).size == (64, 19)
    want = np.asarray(world.picture(1, (1000, 300)).resize((64, 19))).astype(int)
    assert np.abs(np.asarray(Image.open(io.BytesIO(kept(world)))).astype(int) - want).mean() < 4
    assert kept(world, 1) == world.source["b.jpg"]
    assert small.format == kind.lower()


def test_originals_are_kept_untouched_whatever_they_are(world: Any) -> None:
    world.config = IngestConfig(store="original", longest_side=32)
    world.source.put("a.heic", world.encoded(0, "HEIF", exif=located().tobytes()))
    world.source.put("b.jpg", world.encoded(1, "JPEG", exif=located()))
    run(world)
    assert [kept(world, i) for i in range(2)] == [world.source["a.heic"], world.source["b.jpg"]]
    assert [(r.format, r.width, r.height) for r in world.images()] == [
        ("heif", 40, 48), ("jpeg", 40, 48),
    ]  # fmt: skip


def test_references_point_into_the_source_and_nothing_is_copied(world: Any) -> None:
    world.config = IngestConfig(store="reference")
    world.source.put("x.tar", world.tar([("a.jpg", world.encoded(0)), ("b.jpg", world.encoded(1))]))
    run(world)
    for record, seed in zip(world.images(), (0, 1), strict=True):
        assert record.in_source
        data = world.source.get_range(record.store, record.offset, record.length)
        assert data == world.encoded(seed)
    assert [f for f in world.files("ingest") if f.key.endswith(".tar")] == []


def test_every_kind_of_bad_image_is_rejected_by_name(world: Any) -> None:
    world.config = IngestConfig(max_bytes=30_000)
    frames = [world.picture(i) for i in range(3)]
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)
    bad = {
        "animated": world.encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]),
        "animated2": world.encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:]),
        "too_many_pixels": huge_header(),
        "too_small": world.encoded(Image.new("RGB", (1, 1)), "PNG"),
        "too_small2": world.encoded(world.picture(0, (200, 31)), "PNG"),
        "broken": world.encoded()[:-200],
        "broken2": b"",
        "not_an_image": b"this is a text about a dog",
        "raw": b"II*\0\x10\0\0\0CR\x02\0" + bytes(100),
        "video": b"\0\0\0\x18ftypmp42\0\0\0\0isommp42" + bytes(100),
        "too_many_bytes": world.encoded(Image.fromarray(noise), "PNG"),
    }
    for name, data in bad.items():
        world.source.put(f"{name}.jpg", data)
    world.source.put("good.heic", world.encoded(5, "HEIF"))
    (counts,) = run(world)
    assert [r.keys for r in world.images()] == [("good",)]
    assert world.rules() == {name: name.rstrip("2") for name in bad}
    assert (counts.inputs, counts.outputs) == (len(bad) + 1, 1)
    assert all(len(reject.value) <= 200 for reject in world.rejects())


def test_a_protected_key_may_be_small_but_nothing_else(world: Any) -> None:
    world.source.put("small.png", world.encoded(Image.new("RGB", (1, 1)), "PNG"))
    world.source.put("other.png", world.encoded(Image.new("RGB", (2, 2)), "PNG"))
    world.source.put("huge.png", huge_header())
    world.protected = "p"
    world.objects.put("corpora/c/protected/p.json", json.dumps(["small", "huge"]).encode())
    run(world)
    assert [r.keys for r in world.images()] == [("small",)]
    assert world.rules() == {"other": "too_small", "huge": "too_many_pixels"}


def test_bad_captions_leave_the_image_and_are_counted_apart(world: Any) -> None:
    for name in ("latin", "long", "empty", "both", "list"):
        world.source.put(f"{name}.jpg", world.encoded(len(name)))
    world.source.put("latin.txt", b"caf\xe9")
    world.source.put("long.txt", b"x" * 100_000)
    world.source.put("empty.txt", b" \n")
    world.source.put("both.json", b'{"caption": ["one", "two"], "colour": "red"}')
    world.source.put("both.txt", b"one")
    world.source.put("list.json", b"[1, 2]")
    world.source.put("lost.txt", b"nobody's caption")
    (counts,) = run(world)
    assert (counts.inputs, counts.outputs, counts.rejects) == (5, 5, {})
    assert dict(counts.parts) == {"caption_not_utf8": 1, "caption_too_long": 1,
                                  "caption_not_json": 1, "caption_without_image": 1}  # fmt: skip
    found = {r.keys[0]: [c.text for c in r.captions] for r in world.images()}
    assert found == {"latin": [], "long": [], "empty": [], "both": ["one", "two"], "list": []}
    assert {reject.unit for reject in world.rejects()} == {"caption"}
    assert next(r for r in world.images() if r.keys == ("both",)).attributes == {"colour": ("red",)}


def test_an_enormous_caption_file_is_not_even_read(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.ingestor.taking.MAX_SIDECAR_BYTES", 10)
    world.source.put("a.jpg", world.encoded())
    world.source.put("a.txt", b"eleven byte")
    (counts,) = run(world)
    assert dict(counts.parts) == {"caption_too_long": 1}


def test_a_source_that_changed_or_vanished_after_the_listing_is_rejected(world: Any) -> None:
    for name in ("gone.jpg", "grown.jpg", "shrunk.jpg", "same.jpg"):
        world.source.put(name, world.encoded(len(name)))
    world.source.put("same.txt", b"caption")
    world.enlist()
    world.source.delete("gone.jpg")
    world.source["grown.jpg"] += b"more"
    world.source["shrunk.jpg"] = world.source["shrunk.jpg"][:-1]
    world.source.delete("same.txt")
    (counts,) = world.ingest()
    assert world.rules() == {"gone": "source_missing", "grown": "source_changed",
                             "shrunk": "source_changed", "same": "source_missing"}  # fmt: skip
    assert dict(counts.parts) == {"source_missing": 1}
    assert counts.outputs == 1


def test_a_tar_that_was_replaced_after_the_listing_is_noticed(world: Any) -> None:
    world.source.put("x.tar", world.tar([("a.jpg", world.encoded(0)), ("b.jpg", world.encoded(1))]))
    world.enlist()
    world.source.put("x.tar", world.tar([("b.jpg", world.encoded(1)), ("a.jpg", world.encoded(0))]))
    world.ingest()
    assert set(world.rules().values()) == {"source_changed"}


def test_a_source_that_is_gone_as_a_whole_stops_the_run(world: Any) -> None:
    world.source.put("a.jpg", world.encoded())
    world.enlist()
    world.source.clear()
    with pytest.raises(CorpusError, match="mount it again"):
        world.ingest()


def test_a_fault_of_the_source_itself_is_no_reject(world: Any) -> None:
    class Failing(type(world.source)):  # type: ignore[misc]
        def get_range(self, key: str, offset: int, length: int) -> bytes:
            raise ConnectionError("the store is away")

    world.source.put("a.jpg", world.encoded())
    world.enlist()
    world.source = Failing(world.source)
    with pytest.raises(ConnectionError):
        world.ingest()


def test_without_a_manifest_the_error_says_what_to_do(world: Any) -> None:
    world.source.put("a.jpg", world.encoded())
    world.enlist()
    manifest = world.objects.pop("corpora/c/manifest.parquet")
    shard, out = world._task("ingest", "000000")
    from services.ingestor.stage import ingest

    with pytest.raises(FormatError, match="start the run again"):
        ingest(shard, out, world.objects, world.source, None)  # type: ignore[arg-type]
    assert manifest


def test_the_tar_of_a_shard_is_a_webdataset_with_each_image_once(world: Any) -> None:
    for name, seed in (("a", 1), ("b", 2), ("again", 1)):
        world.source.put(f"{name}.jpg", world.encoded(seed))
        world.source.put(f"{name}.txt", f"caption {name}".encode())
    run(world)
    tar_file = next(f for f in world.files("ingest") if f.key.endswith(".tar"))
    with tarfile.open(fileobj=io.BytesIO(world.objects[tar_file.key])) as tar:
        members = tar.getmembers()
        notes = json.load(tar.extractfile(members[1]))  # type: ignore[arg-type]
    assert [m.name.split(".")[1] for m in members] == ["jpg", "json"] * 2
    assert {(m.mtime, m.uid, m.gid, m.uname, m.gname) for m in members} == {(0, 0, 0, "", "")}
    assert notes == {"keys": ["a", "again"], "captions": ["caption a", "caption again"],
                     "attributes": {}}  # fmt: skip
    first, again, _ = world.images()
    assert (first.offset, first.length) == (again.offset, again.length)
    assert tar_file.num_rows == 2


def test_a_shard_of_rejects_only_still_writes_its_empty_table(world: Any) -> None:
    world.source.put("a.jpg", b"no image")
    (counts,) = run(world)
    assert (counts.inputs, counts.outputs) == (1, 0)
    assert world.images() == []
    assert len([f for f in world.files("ingest") if f.key.endswith(".parquet")]) == 1


SOURCES = st.lists(st.sampled_from(["good", "twin", "text", "cut", "tiny", "gif", "svg", "mp4",
                                    "caption", "latin"]), min_size=1, max_size=14)  # fmt: skip


def fill(world: Any, kinds: list[str]) -> None:
    frames = [world.picture(1), world.picture(2)]
    for i, kind in enumerate(kinds):
        data = {
            "good": world.encoded(i), "twin": world.encoded(0), "text": b"text",
            "cut": world.encoded(i)[:-100], "tiny": world.encoded(Image.new("RGB", (2, 2)), "PNG"),
            "gif": world.encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]),
            "svg": b"<svg/>", "mp4": b"film", "caption": b"alone", "latin": world.encoded(i),
        }[kind]  # fmt: skip
        ending = {"svg": "svg", "mp4": "mp4", "caption": "txt"}.get(kind, "jpg")
        world.source.put(f"{i:02d}.{ending}", data)
        if kind in ("good", "latin"):
            world.source.put(f"{i:02d}.txt", b"caf\xe9" if kind == "latin" else b"words")


@settings(max_examples=40)
@given(kinds=SOURCES, size=st.integers(1, 5), store=st.sampled_from(["resized", "reference"]))
def test_inputs_are_outputs_and_rejects_and_equal_input_gives_equal_bytes(
    new_world: Any, kinds: list[str], size: int, store: Any
) -> None:
    images = [kind for kind in kinds if kind != "caption"]
    worlds = []
    for _ in range(2 if images else 0):
        world = new_world(config=IngestConfig(shard_images=size, store=store))
        fill(world, kinds)
        all_counts = run(world)
        worlds.append(world)
        assert all(counts.balanced for counts in all_counts)
        assert sum(counts.inputs for counts in all_counts) == len(images)
        good = sum(kind in ("good", "twin", "latin") for kind in kinds)
        assert sum(counts.outputs for counts in all_counts) == len(world.images()) == good
        joined = world.dedupe()
        assert joined.balanced
        assert (joined.inputs, joined.outputs) == (good, len({r.image_id for r in world.images()}))
    assert not worlds or worlds[0].objects == worlds[1].objects
    assert [w.commits for w in worlds[:1]] == [w.commits for w in worlds[1:]]


def test_a_cameras_date_is_kept_in_the_record_and_not_in_the_picture(world: Any) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2019:07:14 09:20:05"
    big = world.picture(1, (600, 40))
    world.source["dated.jpg"] = world.encoded(big, exif=exif.tobytes())
    world.source["told.jpg"] = world.encoded(2, exif=exif.tobytes())
    world.source["told.json"] = b'{"exif_date": "2001-05-05", "size": "XL"}'
    world.source["plain.jpg"] = world.encoded(3)
    world.enlist()
    world.ingest()
    dated, plain, told = world.images()
    assert dated.attributes == {"exif_date": ("2019-07-14T09:20:05",)}
    assert plain.attributes == {}
    assert told.attributes == {"exif_date": ("2001-05-05",), "size": ("XL",)}
    kept = world.objects.get_range(dated.store, dated.offset, dated.length)
    assert not Image.open(io.BytesIO(kept)).getexif()
