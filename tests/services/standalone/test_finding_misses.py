"""Queries that miss: ranked as a brute force ranks them, drawn by id, as a sheet a task."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pairmill.core.errors import ConfigError
from services.cli.__main__ import parser
from services.standalone.finished import FinishedRun, open_run
from services.standalone.missed import SHOWN, Missed, find_misses
from tests.services.standalone.plain_colours import draw_colours, run_over_colours

COLOURS = ("red", "green", "blue", "black", "yellow", "white")
PAIRS = [(a, b) for a in COLOURS for b in COLOURS if a != b]
TASK = "one/colour"


@pytest.fixture(scope="module")
def mill(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run over noise, and a gallery of plain colours in which each colour wants each other."""
    root = tmp_path_factory.mktemp("misses")
    draw_colours(root, COLOURS)
    for colour in COLOURS:
        (root / f"gallery/{colour}.txt").write_text(f"plain {colour}")
    queries = [
        {"query_id": f"{a}-{b}", "query_image": a, "instruction": b, "targets": [b], "task": TASK}
        for a, b in PAIRS
    ]
    (root / "benchmark.jsonl").write_text("\n".join(json.dumps(query) for query in queries))
    return run_over_colours(root, root / "benchmark.jsonl")


def find(run: FinishedRun, num: int, seed: int = 0) -> Missed:
    (found,) = find_misses(run, num=num, seed=seed, task=TASK)
    return found


def brute_ranks(run: FinishedRun, folder: Path) -> dict[tuple[str, str], int]:
    """Return every query's rank: how many of the other colours score no less than the target."""
    encoder = run.ports.encoder
    pictures = [Image.open(folder / f"gallery/{colour}.png") for colour in COLOURS]
    features_NF = encoder.image_features(np.stack([encoder.prepare(p) for p in pictures]))
    gallery_ND = run.retriever.embed_images(features_NF)
    ranks = {}
    for a, b in PAIRS:
        row = COLOURS.index(a)
        query_1D = run.retriever.embed_queries(features_NF[[row]], encoder.text_features([b]))
        scores = dict(zip(COLOURS, gallery_ND @ query_1D[0], strict=True))
        ranks[a, b] = sum(scores[other] >= scores[b] for other in COLOURS if other != a)
    return ranks


def test_the_misses_are_those_of_a_brute_force_with_their_ranks(mill: Path) -> None:
    run = open_run(mill)
    found, expected = find(run, 1000), brute_ranks(run, mill.parent)
    key = {image: record.keys[0] for image, record in run.catalog.items()}
    got = {(key[miss.image], miss.text): miss.target.rank for miss in found.shown}
    assert got == {pair: rank for pair, rank in expected.items() if rank > 1}
    assert (found.num_asked, found.num_missed) == (len(PAIRS), len(got))


def test_the_first_hits_stand_in_order_without_the_query_image(mill: Path) -> None:
    for miss in find(open_run(mill), 1000).shown:
        scores = [hit.score for hit in miss.hits]
        assert [hit.rank for hit in miss.hits] == list(range(1, SHOWN + 1))
        assert scores == sorted(scores, reverse=True)
        assert miss.image not in {hit.image_id for hit in miss.hits}
        assert miss.hits[0].image_id not in miss.targets


def test_few_misses_are_drawn_by_the_seed(mill: Path) -> None:
    run = open_run(mill)
    every, few, others = find(run, 1000), find(run, 3), find(run, 3, seed=1)
    drawn = [[(miss.image, miss.text) for miss in found.shown] for found in (every, few, others)]
    assert drawn[0][:3] == drawn[1]
    assert drawn[1] != drawn[2]


def test_a_task_that_is_not_asked_is_refused_with_those_that_are(mill: Path) -> None:
    with pytest.raises(ConfigError, match=f"wanted one of: {TASK}, text_to_image"):
        find_misses(open_run(mill), num=3, task="style")


def test_every_task_has_its_sheet(mill: Path, tmp_path: Path) -> None:
    words = ["show", "misses", str(mill), "--num", "2", "--sheet", str(tmp_path / "sheet.png")]
    given = parser("show").parse_args(words)
    given.do(given)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"sheet-one-colour.png", "sheet-text_to_image.png"}
    with Image.open(tmp_path / "sheet-one-colour.png") as sheet:
        assert min(sheet.size) > 500
