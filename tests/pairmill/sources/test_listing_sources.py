import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pairmill.core.errors import CorpusError
from pairmill.core.records import Caption, Entry
from pairmill.core.tables import from_parquet, to_parquet
from pairmill.sources.kinds import file_key, kind_of, matcher, member_key
from pairmill.sources.listing import list_source
from pairmill.sources.tables import read_captions


def table(tmp_path: Path, text: str) -> Any:
    (tmp_path / "table.csv").write_text(text, "utf-8")
    return read_captions(tmp_path / "table.csv")


def fill(world: Any, *names: str) -> None:
    for name in names:
        world.source.put(name, b"x" * 10)


def faults(entries: list[Entry]) -> dict[str, tuple[str, str]]:
    return {e.value: (e.fault, e.unit) for e in entries if e.fault}


def test_a_folder_lists_in_order_with_paths_as_keys_and_sidecars_beside(world: Any) -> None:
    fill(world, "b.png", "a.jpg", "a.txt", "sub/c.v2.WEBP", "sub/c.v2.json")
    entries = world.enlist()
    assert [(e.key, e.object, e.sidecar) for e in entries] == [
        ("a", "a.jpg", "a.txt"),
        ("b", "b.png", ""),
        ("sub/c.v2", "sub/c.v2.WEBP", "sub/c.v2.json"),
    ]
    assert {(e.shard, e.length, e.unit, e.fault) for e in entries} == {("000000", 10, "image", "")}


def test_a_corpus_of_one_image_lists_and_the_manifest_keeps_every_entry(world: Any) -> None:
    world.source.put("only.jpg", world.encoded())
    entries = world.enlist()
    assert len(entries) == 1
    assert from_parquet(Entry, to_parquet(Entry, entries)) == entries


@pytest.mark.parametrize("names", [[], ["notes.md", "a.txt"], [".hidden.jpg", "__MACOSX/a.jpg"]])
def test_a_source_without_images_says_what_was_looked_for(world: Any, names: list[str]) -> None:
    fill(world, *names)
    with pytest.raises(CorpusError, match=r"got no image among .* wanted .*\.jpg.* check the"):
        world.enlist()


def test_two_caption_files_of_one_image_are_both_listed(world: Any) -> None:
    fill(world, "a.jpg", "a.json", "a.txt", "b.jpg")
    rows = [(e.key, e.unit, e.sidecar, e.fault) for e in world.enlist(shard_images=1)]
    assert rows == [
        ("a", "image", "a.json", ""),
        ("a", "caption", "a.txt", ""),
        ("b", "image", "", ""),
    ]
    assert [e.shard for e in world.enlist(shard_images=1)] == ["000000", "000000", "000001"]


def test_captions_without_an_image_are_faults_that_count_no_image(world: Any) -> None:
    fill(world, "a.jpg", "lost.txt", "lost.json")
    assert faults(world.enlist()) == {
        "lost.txt": ("caption_without_image", "caption"),
        "lost.json": ("caption_without_image", "caption"),
    }


def test_files_by_ending_that_are_no_images_have_their_own_faults(world: Any) -> None:
    fill(world, "a.jpg", "film.mp4", "film.txt", "raw.CR2", "art.svg", "notes.md", "noending")
    assert faults(world.enlist()) == {
        "film.mp4": ("video", "image"),
        "raw.CR2": ("raw", "image"),
        "art.svg": ("unknown_format", "image"),
        "notes.md": ("unknown_format", "file"),
        "noending": ("unknown_format", "file"),
    }


def test_the_second_file_of_one_key_is_a_duplicate(world: Any) -> None:
    fill(world, "a.jpg", "a.png", "b.jpg", "b.mp4")
    entries = world.enlist()
    assert [(e.object, e.fault) for e in entries] == [
        ("a.jpg", ""), ("a.png", "duplicate_key"), ("b.jpg", ""), ("b.mp4", "video"),
    ]  # fmt: skip
    assert "a.jpg" in entries[1].value


def test_a_tar_lists_in_its_own_order_and_duplicates_in_and_over_tars_are_faults(
    world: Any,
) -> None:
    world.source.put("1.tar", world.tar([
        ("z.json", b"{}"), ("z.jpg", b"zz"), ("a.b.jpg", b"a"), ("a.txt", b"t"),
        ("z.jpg", b"again"), ("z.json", b"[]"),
    ]))  # fmt: skip
    world.source.put("2.tar", world.tar([("./d/k.png", b"kk"), ("z.webp", b"w"), ("z.txt", b"")]))
    entries = world.enlist()
    assert [(e.object, e.key, e.fault, e.unit, e.sidecar) for e in entries] == [
        ("1.tar", "z", "", "image", "z.json"),
        ("1.tar", "a", "", "image", "a.txt"),
        ("1.tar", "z", "duplicate_key", "image", ""),
        ("1.tar", "z", "duplicate_key", "caption", ""),
        ("2.tar", "d/k", "", "image", ""),
        ("2.tar", "z", "duplicate_key", "image", "z.txt"),
    ]
    assert "z.jpg of 1.tar" in entries[5].value


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def test_unsafe_members_and_members_that_are_no_files_are_faults(world: Any) -> None:
    world.source.put("x.tar", world.tar([
        ("ok.jpg", b"1"), ("../up.jpg", b"2"), ("a/../../b.jpg", b"3"), ("/etc/c.jpg", b"4"),
        ("C:\\d.jpg", b"5"), special("link.jpg", tarfile.SYMTYPE, "/etc/passwd"),
        special("hard.jpg", tarfile.LNKTYPE, "ok.jpg"), special("dev.jpg", tarfile.CHRTYPE),
        special("pipe", tarfile.FIFOTYPE), special("folder", tarfile.DIRTYPE),
    ]))  # fmt: skip
    assert faults(world.enlist()) == {
        "../up.jpg": ("unsafe_path", "image"),
        "a/../../b.jpg": ("unsafe_path", "image"),
        "/etc/c.jpg": ("unsafe_path", "image"),
        "C:\\d.jpg": ("unsafe_path", "image"),
        "link.jpg": ("not_a_file", "image"),
        "hard.jpg": ("not_a_file", "image"),
        "dev.jpg": ("not_a_file", "image"),
        "pipe": ("not_a_file", "file"),
    }


def test_names_that_are_not_utf8_can_be_stored(world: Any) -> None:
    name = b"caf\xe9.jpg".decode("utf-8", "surrogateescape")
    fill(world, "a.jpg", name, name.replace("jpg", "txt"))
    entries = world.enlist()
    assert entries[1].fault == "unsafe_path"
    assert "udce9" in entries[1].value
    assert from_parquet(Entry, to_parquet(Entry, entries)) == entries


@pytest.mark.parametrize("name", ["a.tar.gz", "b.tgz", "c.tar.zst"])
def test_a_compressed_tar_says_how_to_unpack_it(world: Any, name: str) -> None:
    fill(world, "a.jpg", name)
    with pytest.raises(CorpusError, match=f"{name}.*gunzip"):
        world.enlist()
    assert world.enlist(pattern="*.jpg")


def test_globs_choose_and_stop_at_slashes(world: Any) -> None:
    fill(world, "train-0.jpg", "train-1.jpg", "test-0.jpg", "sub/train-2.jpg")
    assert [e.key for e in world.enlist(pattern="train-*.jpg")] == ["train-0", "train-1"]
    assert [e.key for e in world.enlist(pattern="**/train-*")] == [
        "sub/train-2", "train-0", "train-1",
    ]  # fmt: skip
    assert [e.key for e in world.enlist(pattern="sub/")] == ["sub/train-2"]
    assert [e.key for e in world.enlist(pattern="t*-[0].j?g")] == ["test-0", "train-0"]
    assert [e.key for e in world.enlist(skip=frozenset({"test-0.jpg"}))][-1] == "train-1"
    assert matcher("a[!b]c").match("axc")
    assert not matcher("a[!b]c").match("abc")


def test_a_table_gives_captions_by_path_key_or_unique_file_name(world: Any, tmp_path: Path) -> None:
    fill(world, "a.jpg", "d/b.jpg", "d/c.jpg", "e/c.jpg")
    rows = "file,caption,colour\na.jpg,one,red\na,two,blue\nb.jpg,three,\n"
    entries = world.enlist(captions=table(tmp_path, rows + "c.jpg,four,\nd/c.jpg,five,\n"))
    assert entries[0].captions == (Caption(kind="table", text="one"),
                                   Caption(kind="table", text="two"))  # fmt: skip
    assert entries[0].attributes == {"colour": ("red", "blue")}
    assert [[c.text for c in e.captions] for e in entries] == [
        ["one", "two"], ["three"], ["five"], [], [],
    ]  # fmt: skip
    assert faults(entries) == {"c.jpg": ("caption_without_image", "caption")}


def test_a_table_gives_captions_to_members_of_tars(world: Any, tmp_path: Path) -> None:
    world.source.put("x.tar", world.tar([("k.jpg", b"1"), ("l.x.jpg", b"2")]))
    entries = world.enlist(captions=table(tmp_path, "key,text\nk,one\nl.x.jpg,two\nm,three\n"))
    assert [[c.text for c in e.captions] for e in entries] == [["one"], ["two"], []]
    assert entries[2].fault == "caption_without_image"


def test_a_table_that_names_none_of_the_images_stops_the_run(world: Any, tmp_path: Path) -> None:
    fill(world, "a.jpg")
    with pytest.raises(CorpusError, match=r"none of its 1 rows .*'z\.jpg', wanted .*'a\.jpg'"):
        world.enlist(captions=table(tmp_path, "file,caption\nz.jpg,one\n"))


def test_a_shard_is_cut_before_a_gibibyte(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pairmill.sources.listing.MAX_SHARD_BYTES", 25)
    fill(world, "a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg")
    world.source.put("f.jpg", b"x" * 30)
    assert [e.shard[-1] for e in world.enlist()] == ["0", "0", "1", "1", "2", "3"]


NAMES = st.lists(
    st.sampled_from([f"{folder}{stem}.{ending}" for folder in ("", "d/") for stem in "abcdef"
                     for ending in ("jpg", "png", "txt", "json", "mp4", "md")]),
    unique=True,
)  # fmt: skip


@settings(max_examples=100)
@given(names=NAMES, size=st.integers(1, 4))
def test_sharding_covers_every_file_exactly_once_and_listing_is_repeatable(
    new_world: Any, names: list[str], size: int
) -> None:
    world = new_world()
    fill(world, *names)
    if not any(kind_of(name) in ("image", "video") for name in names):
        with pytest.raises(CorpusError):
            list_source(world.source, shard_images=size)
        return
    entries = list_source(world.source, shard_images=size)
    assert entries == list_source(world.source, shard_images=size)
    own = [e.object for e in entries if e.unit == "image" or e.fault]
    assert sorted(own + [e.sidecar_object for e in entries if e.sidecar]) == sorted(names)
    shards = [e.shard for e in entries if e.unit == "image"]
    assert shards == [f"{i // size:06d}" for i in range(len(shards))]
    assert [e.shard for e in entries] == sorted(e.shard for e in entries)


def test_keys_follow_the_corpora() -> None:
    assert member_key("0023-20e3_3d.webp") == "0023-20e3_3d"
    assert member_key("d.x/a.b.c.jpg") == "d.x/a"
    assert file_key("d.x/a.b.jpg") == "d.x/a.b"


def test_a_real_corpus_lists_with_the_keys_of_its_benchmark(corpora: Path, new_world: Any) -> None:
    world = new_world()
    world.source.put("t.tar", (corpora / "fluent-emoji" / "test-001.tar").read_bytes())
    keys = {entry.key for entry in world.enlist()}
    gallery = set((corpora / "fluent-emoji" / "gallery.txt").read_text().split())
    assert keys
    assert keys <= gallery
