"""Forty pictures that nobody captioned, from a folder to a search by text."""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from pairmill.config import EditingConfig, IngestConfig, RunConfig
from pairmill.core.records import Triplet
from pairmill.pipeline.publish import publish
from pairmill.pipeline.report import write_report
from pairmill.pipeline.shard import read_records
from pairmill.settings import Settings
from services.cli.screen import CONSOLE, show_report
from services.standalone.conduct import Conductor
from services.standalone.finished import FinishedRun, open_run
from services.standalone.search import Query, search
from services.standalone.submit import Submission, submit

COLOURS = {"red": "#d01818", "green": "#1e8c32", "blue": "#1c3cc8", "yellow": "#f0dc20"}


def draw(folder: Path) -> None:
    """Draw forty discs and boxes; a name that says something is given to two of them."""
    folder.mkdir()
    names = {0: "garden/big-ball_01", 1: "garden/IMG_0001"}
    for number in range(40):
        picture = Image.new("RGB", (64, 64), "white")
        fill = list(COLOURS.values())[number % 4]
        pen = ImageDraw.Draw(picture)
        corners = (8, 8, 36 + number // 2, 36 + number // 2)
        (pen.ellipse if number % 8 < 4 else pen.rectangle)(corners, fill)
        path = folder / f"{names.get(number, f'IMG_{1000 + number}')}.jpg"
        path.parent.mkdir(exist_ok=True)
        exif = Image.Exif()
        if not number:
            exif.get_ifd(0x8769)[0x9003] = "2019:07:14 09:20:05"
        picture.save(path, exif=exif)


@pytest.fixture(scope="module")
def mill(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("uncaptioned")
    draw(root / "photos")
    config = RunConfig(ingest=IngestConfig(shard_images=20), editing=EditingConfig(max_images=4))
    asked = Submission(corpus=str(root / "photos"), out=root / "mill", config=config)
    submitted = submit(asked, Settings())
    Conductor(submitted.ports, submitted.graph).run(until="index")
    write_report(submitted.ports.objects, submitted.graph)
    publish(submitted.ports.objects, submitted.graph)
    return root / "mill"


def report_of(mill: Path) -> dict[str, Any]:
    (path,) = mill.glob("runs/*/report.json")
    report: dict[str, Any] = json.loads(path.read_text())
    return report


def id_of(run: FinishedRun, key: str) -> str:
    return next(image for image, record in run.catalog.items() if key in record.keys)


def test_every_picture_gets_a_caption_by_machine_that_is_marked_as_such(mill: Path) -> None:
    run = open_run(mill)
    assert report_of(mill)["captions"] == {"human": 0, "machine": 40, "none": 0}
    assert all(not record.captions for record in run.catalog.values())
    told = run.caption(id_of(run, "garden/big-ball_01"))
    assert told.startswith("by machine: ")
    assert told.endswith("taken on a summer morning in July 2019")
    assert "big ball" in told
    assert "garden" in run.caption(id_of(run, "garden/IMG_0001"))
    assert "blue" in run.caption(id_of(run, "IMG_1002"))


def test_triplets_rest_on_them_and_say_so(mill: Path) -> None:
    run = open_run(mill)
    files = run.files("gate", "triplets")
    triplets = list(read_records(run.ports.objects, files, Triplet))
    assert triplets
    assert {"on machine captions" in triplet.author for triplet in triplets} == {True}
    said = {text for triplet in triplets for text in triplet.instructions}
    assert any(colour in text for text in said for colour in COLOURS)


def test_too_few_triplets_publish_the_untrained_retriever_with_a_clear_word(mill: Path) -> None:
    training = report_of(mill)["training"]
    assert not training["published"]
    assert training["version"] == "untrained"
    assert "training.min_triplets asks for 200: the untrained retriever is" in training["why"]
    (alias,) = mill.glob("models/*/aliases/latest.json")
    assert "untrained" in alias.read_text()


def test_the_screen_says_what_was_made_and_what_would_be_better(mill: Path) -> None:
    with CONSOLE.capture() as caught:
        show_report(report_of(mill))
    said = " ".join(caught.get().split())
    assert "40 images came without a caption; a machine made rough ones for 40 of them" in said
    assert "--captions FILE" in said
    assert "the untrained retriever is published" in said


def test_the_pictures_are_found_by_text(mill: Path) -> None:
    hits = search(open_run(mill), Query(text="something red", k=8))
    assert [hit.rank for hit in hits] == list(range(1, 9))
    assert len({hit.image_id for hit in hits}) == 8
