"""Images asked by their own captions: which are asked, and what a walk through them finds."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pairmill.core.records import Caption, ImageRecord
from pairmill.models.retriever import Retriever
from pairmill.pipeline.progress import Silent
from services.evaluator.asking import build_pool
from services.evaluator.captioned import MOST, alone, ask_captions
from services.evaluator.case import Desk
from services.evaluator.stage import judge_benchmark
from tests.services.evaluator.test_evaluate_stage import (
    NUM,
    Run,
    TinyEncoder,
    heads,
    jsonl,
    opener,
    query,
    triplet,
)  # fmt: skip

TEXTS = ["zero", "one two", "two", "three", "zero one", "Two ", "", "one three", "two three",
         "zero two", "zero three", "made by a machine"]  # fmt: skip
"""Captions of i0, i1, …: i2 and i5 share one, i6 has none, i11's is no human's."""
ALONE = [0, 1, 3, 4, 7, 8, 9, 10]


def image(number: int, *texts: str, kind: str = "sidecar") -> ImageRecord:
    captions = tuple(Caption(kind=kind, text=text) for text in texts)
    return ImageRecord(image_id=f"i{number}", keys=(f"k{number}",), captions=captions)


class CaptionedRun(Run):
    """A run whose images bear TEXTS."""

    def _images(self, place: str, rows: range) -> None:
        super()._images(place, rows)
        kinds = ["machine" if n == NUM - 1 else "table" for n in rows]
        records = [image(n, TEXTS[n], kind=kind) for n, kind in zip(rows, kinds, strict=True)]
        out = self.out("dedupe", place)
        out.table("images", ImageRecord, records)
        self.commit(f"dedupe{place}", out)


def by_hand(run: Run, seed: int, asked: list[int], searched: list[int], k: int) -> float:
    """Recall@k of captions over `searched`, one after another; an equal score is a rival ahead."""
    retriever, hits = Retriever.untrained(heads(seed), encoder_id=""), 0
    gallery = retriever.embed_images(run.features[searched])
    for n in asked:
        text = retriever.embed_queries(None, TinyEncoder().text_features([TEXTS[n]]))[0]
        scores = gallery @ text
        target = scores[searched.index(n)]
        hits += int(np.count_nonzero(scores >= target - 1e-6) <= k)
    return hits / len(asked)


def test_only_captions_of_one_image_alone_are_asked() -> None:
    images = {n: image(n, text) for n, text in enumerate(TEXTS)}
    assert alone(images) == {n: TEXTS[n] for n in [*ALONE, 11]}


def test_a_caption_that_another_image_bears_second_is_left_out_and_a_machine_s_never_asked() -> (
    None
):
    images = {
        0: image(0, "red shoe", "a shoe"),
        1: image(1, "blue shoe", "Red  SHOE"),
        2: image(2, "green shoe", "green shoe"),
        3: image(3, "a hat", kind="machine"),
    }
    assert alone(images) == {1: "blue shoe", 2: "green shoe"}


def test_the_figures_are_those_of_a_walk_through_every_caption_of_the_gallery(
    tmp_path: Path,
) -> None:
    run = CaptionedRun(tmp_path, jsonl(query(0, query_image="k7", targets=["k9"])), "g")
    quality, _, _ = run.evaluate()
    asked = [7, 8, 9, 10]  # i6 has no caption, i11 no human's; others lie outside the gallery
    assert quality["num_queries"]["text_to_image"] == len(asked)
    for seed, when in enumerate(("before", "after")):
        for k in (1, 5, 10):
            want = by_hand(run, seed, asked, list(range(6, NUM)), k)
            assert quality[when]["text_to_image"][f"recall@{k}"] == pytest.approx(want, abs=1e-6)
    assert set(quality["raw"]) == {"image_only"}
    assert "text_to_image" not in quality["by_task"]["even"]["after"]


def test_without_a_gallery_only_images_that_queries_name_are_asked(tmp_path: Path) -> None:
    run = CaptionedRun(tmp_path, jsonl(query(0, targets=["k1"]), query(3, targets=["k2", "k8"])))
    quality, _, _ = run.evaluate()
    assert quality["num_queries"]["text_to_image"] == 4  # i0, i1, i3, i8; i2's belongs to i5, too
    want = by_hand(run, 1, [0, 1, 3, 8], list(range(NUM)), 1)
    assert quality["after"]["text_to_image"]["recall@1"] == pytest.approx(want, abs=1e-6)


def test_without_a_benchmark_the_held_out_images_are_asked_among_themselves(
    tmp_path: Path,
) -> None:
    run = CaptionedRun(tmp_path)
    run.triplets([triplet(0, 0, 1, "one"), triplet(1, 2, 3, "two"), triplet(2, 4, 5, "three")],
                 ["validation", "validation", "train"])  # fmt: skip
    quality, _, _ = run.evaluate()
    assert quality["num_queries"]["text_to_image"] == 4  # i2's copy, i5, is not searched
    want = by_hand(run, 1, [0, 1, 2, 3], [0, 1, 2, 3], 1)
    assert quality["after"]["text_to_image"]["recall@1"] == pytest.approx(want, abs=1e-6)


def test_images_without_captions_have_no_such_figures(tmp_path: Path) -> None:
    quality, _, _ = Run(tmp_path, jsonl(query(0))).evaluate()
    assert quality["num_queries"]["text_to_image"] == 0
    assert "text_to_image" not in quality["after"]


def test_another_benchmark_asks_the_captions_of_its_own_images(tmp_path: Path) -> None:
    run = CaptionedRun(tmp_path)
    desk = Desk(run.shard(), run.pictures(), opener(), Silent())
    quality, _ = judge_benchmark(desk, jsonl(query(0, targets=["k1"])), "mine.jsonl")
    assert quality["num_queries"]["text_to_image"] == 2


def test_a_large_gallery_is_asked_in_part_drawn_by_id() -> None:
    num = MOST + 100
    ids = [f"i{n}" for n in range(num)]
    features = np.zeros((num, 1), np.float32)
    nothing: tuple[list[str], NDArray[np.float32]] = [], features[:0]
    captions = {row: f"text {row}" for row in range(num)}
    asked = ask_captions(captions, build_pool((ids, features), nothing, []))
    assert len(asked.asked) == len(asked.texts) == MOST
    turned = build_pool((ids[::-1], features), nothing, [])
    again = ask_captions({num - 1 - row: text for row, text in captions.items()}, turned)
    assert [q.query_id for q in again.asked] == [q.query_id for q in asked.asked]
