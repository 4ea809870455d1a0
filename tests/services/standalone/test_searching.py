"""Searching a finished run: the gallery by default, the corpus on demand, never the query image."""

from pathlib import Path

import pytest

from pairmill.core.errors import ConfigError, CorpusError
from services.standalone.finished import FinishedRun, open_run
from services.standalone.search import Query, search
from tests.services.standalone.plain_colours import NOISE, draw_colours, run_over_colours

COLOURS = ("red", "green", "blue")


@pytest.fixture(scope="module")
def mill(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run without captions over a corpus of noise and a gallery of plain colours."""
    root = tmp_path_factory.mktemp("search")
    draw_colours(root, COLOURS)
    return run_over_colours(root)


def keys_of(run: FinishedRun, query: Query) -> list[str]:
    return [run.catalog[hit.image_id].keys[0] for hit in search(run, query)]


def test_the_gallery_is_searched_unless_the_corpus_is_asked_for(mill: Path) -> None:
    run = open_run(mill)
    assert set(keys_of(run, Query(text="a colour"))) == set(COLOURS)
    assert set(keys_of(run, Query(text="a colour", corpus=True))) == set(NOISE)


def test_hits_are_ranked_by_score_and_the_query_image_is_none_of_them(mill: Path) -> None:
    run = open_run(mill)
    query = Query(image=mill.parent / "gallery/red.png", k=2)
    hits = search(run, query)
    assert [hit.rank for hit in hits] == [1, 2]
    assert hits[0].score >= hits[1].score
    assert "red" not in keys_of(run, query)


def test_a_query_of_nothing_and_one_of_no_image_say_what_is_wanted(mill: Path) -> None:
    run = open_run(mill)
    with pytest.raises(ConfigError, match="give --image FILE"):
        search(run, Query(text="  "))
    words = mill.parent / "words.jpg"
    words.write_text("no image")
    with pytest.raises(CorpusError, match="not_an_image"):
        search(run, Query(image=words))


def test_every_image_can_be_shown_from_what_ingest_kept(mill: Path) -> None:
    run = open_run(mill)
    red = next(image for image, record in run.catalog.items() if record.keys == ("red",))
    picture = run.picture(red)
    assert picture is not None
    assert picture.getpixel((5, 5)) == (255, 0, 0)
    assert run.picture("f" * 32) is None
