import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from services.standalone.sample.draw import SamplePaths, draw_sample


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> SamplePaths:
    return small(tmp_path_factory.mktemp("sample"))


def small(
    out: Path,
    num_images: int = 24,
    num_gallery: int = 16,
    on_progress: Callable[[int, int], None] | None = None,
) -> SamplePaths:
    return draw_sample(out, num_images=num_images, num_gallery=num_gallery, on_progress=on_progress)


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_the_same_seed_gives_the_same_bytes(sample: SamplePaths, tmp_path: Path) -> None:
    assert contents(small(tmp_path).corpus.parent) == contents(sample.corpus.parent)


def test_a_larger_sample_draws_the_smaller_ones_pictures_alike(
    sample: SamplePaths, tmp_path: Path
) -> None:
    fewer = contents(small(tmp_path, num_images=3, num_gallery=1).corpus)
    assert len(fewer) == 3
    assert fewer.items() <= contents(sample.corpus).items()


def test_every_picture_of_the_corpus_has_its_caption(sample: SamplePaths) -> None:
    captions = lines(sample.captions)
    assert all(list(line) == ["file", "caption", "attributes"] for line in captions)
    assert {line["file"] for line in captions} == {path.name for path in sample.corpus.iterdir()}
    assert len(captions) == 24


def test_queries_and_targets_are_keys_of_the_gallery(sample: SamplePaths) -> None:
    keys = {path.stem for path in sample.gallery.iterdir()}
    assert len(keys) == 16
    asked = lines(sample.benchmark)
    assert asked
    for query in asked:
        assert list(query) == ["query_id", "query_image", "instruction", "targets", "task"]
        assert {query["query_image"], *query["targets"]} <= keys


def test_no_two_pictures_are_the_same(sample: SamplePaths) -> None:
    pictures = [*contents(sample.corpus).values(), *contents(sample.gallery).values()]
    assert len(set(pictures)) == 40
    with Image.open(next(sample.corpus.iterdir())) as picture:
        assert picture.size == (192, 192)


def test_a_complete_sample_is_returned_at_once(sample: SamplePaths) -> None:
    def never(num_done: int, total: int) -> None:
        raise AssertionError("a complete sample was drawn again")

    assert small(sample.corpus.parent, on_progress=never) == sample


def test_an_interrupted_sample_is_drawn_to_its_end(tmp_path: Path) -> None:
    paths = small(tmp_path, 3, 2)
    whole = contents(tmp_path)
    (tmp_path / "sample.json").unlink()
    next(paths.corpus.iterdir()).write_bytes(b"half a pict")
    steps: list[tuple[int, int]] = []
    small(tmp_path, 3, 2, lambda num_done, total: steps.append((num_done, total)))
    assert contents(tmp_path) == whole
    assert steps == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]


def test_a_folder_with_other_pictures_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "gallery").mkdir()
    (tmp_path / "gallery" / "holiday.jpg").write_bytes(b"")
    with pytest.raises(ValueError, match=r"holiday\.jpg; wanted an empty folder"):
        small(tmp_path)
    assert (tmp_path / "gallery" / "holiday.jpg").exists()


def test_a_sample_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="got 0 images"):
        small(tmp_path, num_images=0)
