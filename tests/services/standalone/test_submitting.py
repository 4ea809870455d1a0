"""Submitting: one request is one run, listings stay frozen, what does not fit is refused."""

import json
from pathlib import Path

import pytest
from PIL import Image

from pairmill.config import RunConfig
from pairmill.core.errors import CorpusError, RootError
from pairmill.core.records import Entry
from pairmill.core.tables import from_parquet
from pairmill.pipeline.barrier import work_of
from pairmill.settings import Settings
from pairmill.sources.places import place_of
from pairmill.working.desk import open_shard
from services.ingestor.manifest import read_protected
from services.standalone.submit import Submission, Submitted, submit


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return draw(tmp_path / "photos", "abc")


def draw(folder: Path, names: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names:
        Image.new("RGB", (40, 40), (ord(name), 0, 0)).save(folder / f"{name}.jpg")
    return folder


def ask(corpus: Path, out: Path, **more: object) -> Submitted:
    asked = Submission(corpus=str(corpus), out=out, config=RunConfig(), **more)  # type: ignore[arg-type]
    return submit(asked, Settings())


def files_of(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def benchmark_of(folder: Path, *targets: str) -> Path:
    lines = [
        {"query_id": t, "query_image": "a", "instruction": "x", "targets": [t]} for t in targets
    ]
    path = folder / "benchmark.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_a_path_is_a_folder_a_tar_or_a_glob(corpus: Path, tmp_path: Path) -> None:
    assert place_of(str(corpus)).pattern == "**"
    assert place_of(str(corpus)).name == "photos"
    glob = place_of(str(tmp_path / "ph*" / "a*.jpg"))
    assert (glob.address, glob.pattern) == (str(tmp_path), "ph*/a*.jpg")
    (tmp_path / "x.tar").touch()
    assert place_of(str(tmp_path / "x.tar")).pattern == "x.tar"
    with pytest.raises(CorpusError, match="no such folder"):
        place_of(str(tmp_path / "missing"))


def test_two_globs_of_one_folder_have_different_names(tmp_path: Path) -> None:
    names = {place_of(str(tmp_path / pattern)).name for pattern in ("a*.tar", "b*.tar", "")}
    assert len(names) == 3


def test_the_same_request_is_the_same_run_and_writes_the_same(corpus: Path, tmp_path: Path) -> None:
    first = ask(corpus, tmp_path / "out")
    before = files_of(tmp_path / "out")
    second = ask(corpus, tmp_path / "out")
    assert first.graph.spec == second.graph.spec
    assert files_of(tmp_path / "out") == before


def test_another_value_another_caption_table_or_another_benchmark_is_another_run(
    corpus: Path, tmp_path: Path
) -> None:
    table = tmp_path / "captions.csv"
    table.write_text("file,caption\na.jpg,a red square\n")
    asked = Submission(corpus=str(corpus), out=tmp_path / "1", config=RunConfig(seed=1))
    names = [
        ask(corpus, tmp_path / "0").graph.spec.name,
        submit(asked, Settings()).graph.spec.name,
        ask(corpus, tmp_path / "2", captions=table).graph.spec.name,
        ask(corpus, tmp_path / "3", benchmark=benchmark_of(tmp_path, "b")).graph.spec.name,
    ]
    assert len(set(names)) == 4


def test_a_source_that_changed_keeps_its_frozen_listing_and_says_so(
    corpus: Path, tmp_path: Path
) -> None:
    first = ask(corpus, tmp_path / "out")
    (corpus / "a.jpg").unlink()
    draw(corpus, "de")
    second = ask(corpus, tmp_path / "out")
    assert second.graph.spec == first.graph.spec
    (note,) = second.notes
    assert "2 new images are not taken, 1 are gone" in note
    manifest = (tmp_path / "out/corpora/photos/manifest.parquet").read_bytes()
    assert [entry.key for entry in from_parquet(Entry, manifest)] == ["a", "b", "c"]


def test_the_folder_of_another_corpus_is_refused_and_nothing_is_written(
    corpus: Path, tmp_path: Path
) -> None:
    ask(corpus, tmp_path / "out")
    before = files_of(tmp_path / "out")
    with pytest.raises(RootError, match="choose another --out"):
        ask(draw(tmp_path / "others", "xyz"), tmp_path / "out")
    (tmp_path / "deep").mkdir()
    with pytest.raises(RootError, match="holds the corpus 'photos'"):
        ask(draw(tmp_path / "deep" / "photos", "xyz"), tmp_path / "out")
    assert files_of(tmp_path / "out") == before


def test_a_benchmark_of_other_images_is_refused_before_any_work(
    corpus: Path, tmp_path: Path
) -> None:
    path = tmp_path / "benchmark.jsonl"
    path.write_text(
        '{"query_id": "1", "query_image": "shoe", "instruction": "x", "targets": ["y"]}\n'
    )
    with pytest.raises(CorpusError, match="none of them is in the corpus"):
        ask(corpus, tmp_path / "out", benchmark=path)
    assert not (tmp_path / "out/runs").exists()


def test_benchmark_images_and_all_of_a_gallery_are_protected_from_filters(
    corpus: Path, tmp_path: Path
) -> None:
    gallery = draw(tmp_path / "gallery", "pq")
    benchmark = benchmark_of(tmp_path, "p", "b")
    asked = ask(corpus, tmp_path / "out", gallery=str(gallery), benchmark=benchmark)
    name, objects = asked.graph.spec.protected, asked.ports.objects
    assert json.loads(objects.get(f"corpora/photos/protected/{name}.json")) == ["a", "b"]
    work = work_of(objects, asked.graph, asked.graph.node("ingest@gallery"))
    shard = open_shard(asked.ports, asked.graph, work.tasks[0])
    assert read_protected(shard, objects) == {"p", "q"}
