"""What the quality benchmarks ask and count, on cases that a hand can check; no tower is run."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import quality_emoji, quality_photos, quality_small
from benchmarks.photos.features import Album, load_album, save_album
from benchmarks.photos.judging import judge_album, precision_at_first
from benchmarks.photos.pictures import ASKED, COLOURS, COPIES, GALLERIES, WORDS, draw_rows
from benchmarks.quality_small import Emoji, choose, image_queries
from benchmarks.table import emoji_row
from pairmill.core.vectors import unit_rows
from services.evaluator.judging import Floats

NUM_EACH = 2
NUM = NUM_EACH * len(WORDS)
AXES = np.eye(NUM + len(COPIES), dtype=np.float32)
"""One axis a photograph, and one a kind of copy."""
EDITED = (3, 8)


class Sum:
    """Adds what it is given: an ideal retriever of the album below."""

    def embed_images(self, features_NF: Floats) -> Floats:
        return unit_rows(features_NF)

    def embed_queries(self, features_QF: Floats | None, features_QT: Floats | None) -> Floats:
        parts = [part for part in (features_QF, features_QT) if part is not None]
        return unit_rows(np.sum(parts, axis=0))


def album() -> Album:
    """Two photographs of every category, two of them edited; texts lie where they belong."""
    categories = tuple(name for name in WORDS for _ in range(NUM_EACH))
    vectors: dict[str, Any] = {}
    for number, (name, word) in enumerate(WORDS.items()):
        vectors[name] = vectors[word] = AXES[number * NUM_EACH : (number + 1) * NUM_EACH].sum(0)
    for asked in ASKED.values():
        vectors |= {text: AXES[NUM + list(COPIES).index(copy)] for text, copy in asked.items()}
    return Album(
        ids=tuple(f"id{number:02}" for number in range(NUM)), categories=categories,
        edited_D=np.array(EDITED), copies=tuple(COPIES), texts=tuple(vectors),
        photos_PF=AXES[:NUM], texts_MT=np.stack(list(vectors.values())),
        copies_CDF=np.stack([AXES[list(EDITED)] + AXES[NUM + c] for c in range(len(COPIES))]),
    )  # fmt: skip


def test_an_ideal_retriever_finds_every_copy_and_its_parts_alone_find_none() -> None:
    figures, details = judge_album(album(), Sum())
    assert figures == {
        "category_precision_at_10": NUM_EACH / 10, "recolour_recall_at_1": 1.0,
        "other_edits_recall_at_1": 1.0, "best_control_recall_at_1": 0.0,
    }  # fmt: skip
    for task, found in details["recall_at_1"].items():
        assert (found["image_only"], found["text_only"]) == (0.0, 0.0), task
        assert {text for text in found if text in ASKED[task]} == set(ASKED[task])


def test_one_colour_that_is_never_found_costs_a_fifth() -> None:
    one = album()
    blue = list(COPIES).index("deep blue")
    one.copies_CDF[blue] = one.photos_PF[[0, 1]]
    figures, details = judge_album(one, Sum())
    assert figures["recolour_recall_at_1"] == 0.8
    assert details["recall_at_1"]["recolour"]["the same in deep blue"] == 0.0


def test_of_equal_scores_the_right_photographs_come_last() -> None:
    one = album()
    flat = Album(**vars(one) | {"texts_MT": np.zeros_like(one.texts_MT)})
    assert set(precision_at_first(flat, Sum(), WORDS).values()) == {0.0}


def test_an_album_comes_back_from_its_file_as_it_was(tmp_path: Path) -> None:
    one = album()
    save_album(one, tmp_path)
    for name, part in vars(load_album(tmp_path)).items():
        np.testing.assert_array_equal(part, vars(one)[name])
        assert type(part) is type(vars(one)[name])


def test_edited_photographs_are_drawn_by_id_and_not_by_place() -> None:
    ids = [f"id{number}" for number in range(50)]
    drawn = {ids[row] for row in draw_rows(ids, 7)}
    assert {ids[::-1][row] for row in draw_rows(ids[::-1], 7)} == drawn
    assert len(drawn) == 7


def test_every_query_wants_a_copy_of_its_own_gallery() -> None:
    for task, asked in ASKED.items():
        assert set(asked.values()) <= set(GALLERIES[task]) <= set(COPIES)
    assert len(ASKED["recolour"]) == len(COLOURS) == 5


def emoji(key: str, concept: str, style: str = "flat", image: str = "") -> Emoji:
    return Emoji(key=key, image=(image or key).encode(), about=b"{}", concept=concept, style=style)


def test_a_small_corpus_has_whole_concepts_and_never_too_many_images() -> None:
    every = [emoji(f"{concept}{n}", concept) for concept in "abcdef" for n in range(4)]
    chosen = choose(every, 10)
    assert set(Counter(one.concept for one in chosen).values()) == {4}
    assert len(chosen) == 8
    assert choose(every[::-1], 10)[0].concept == chosen[0].concept


def test_image_queries_want_the_same_concept_in_another_style() -> None:
    gallery = [
        emoji("cat_flat", "cat"), emoji("cat_flat_dark", "cat"), emoji("cat_3d", "cat", "3d"),
        emoji("dog_flat", "dog"), emoji("cat_copy", "feline", image="cat_flat"),
        emoji("lion", "feline", "3d"),
    ]  # fmt: skip
    targets = {query["query_image"]: query["targets"] for query in image_queries(gallery)}
    assert targets == {
        "cat_flat": ["cat_3d", "lion"],
        "cat_flat_dark": ["cat_3d"],
        "cat_3d": ["cat_flat", "cat_flat_dark"],
        "lion": ["cat_copy"],
    }


def quality(**after: float) -> dict[str, Any]:
    recall = {name: {"recall@1": value} for name, value in after.items()}
    return {
        "num_queries": {"composed": 1200, "text_to_image": 34},
        "raw": {"image_only": {"recall@1": 0.2}},
        "before": {name: {"recall@1": 0.125} for name in recall},
        "after": recall,
    }


@pytest.mark.parametrize(("image", "text", "best"), [(0.1, 0.1, 0.2), (0.3, 0.1, 0.3),
                                                     (0.1, 0.4, 0.4)])  # fmt: skip
def test_the_best_control_is_the_best_of_raw_image_and_text(
    image: float, text: float, best: float
) -> None:
    found = quality(composed=0.6, image_only=image, text_only=text, text_to_image=0.5)
    figures = quality_emoji.figures_of(found, 61.26)
    assert list(figures.values()) == [0.6, best, 0.5, 61.3]
    images = {when: {"image_only": {"recall@1": value}} for when, value in
              (("before", 0.4), ("after", 0.45))}  # fmt: skip
    assert list(quality_small.figures_of(found, images).values()) == [0.4, 0.45, 0.6, best]


def test_every_figure_has_its_goal() -> None:
    figures = quality_emoji.figures_of(
        quality(composed=0.6, image_only=0.1, text_only=0.1, text_to_image=0.5), 1
    )
    assert set(figures) == set(quality_emoji.GOALS)
    assert set(judge_album(album(), Sum())[0]) == set(quality_photos.GOALS)


def test_a_row_of_the_readme_marks_what_training_made() -> None:
    found = quality(composed=0.6, image_only=0.1, text_only=0.01, text_to_image=0.5)
    composed = emoji_row("all", found, "composed")
    assert composed == "| all | 1,200 | 20.0 | 12.5 | **60.0** | 10.0 | 1.0 |\n"
    text = emoji_row("text → image", found, "text_to_image")
    assert text == "| text → image | 34 | – | 12.5 | **50.0** | – | – |\n"
