"""Ranks by the text alone: against a brute force, and what a rank means."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairmill.core.errors import ScoreError
from pairmill.core.gating import answerable
from pairmill.core.gating.answerable import (
    Bar,
    Place,
    Space,
    answerable_gate,
    find_places,
    weigh_place,
)
from pairmill.core.synthesis import COMPOSED, COMPOSED_TO_TEXT
from tests.pairmill.core.gating.pairs import CALM, described, written

AXES = np.eye(4, dtype=np.float32)


def space(texts: list[int], images: list[int]) -> Space:
    return Space(texts_MD=AXES[texts], images_ND=AXES[images])


def bar(rank: int = 1, share: float = 0.0, height: float = -9.0, action: str = "reject") -> Bar:
    return Bar(rank=rank, share=share, height=height, action=action, weight=0.25)  # type: ignore[arg-type]


def test_a_text_that_points_at_one_image_ranks_it_first_and_high() -> None:
    (place,) = find_places([space([0], [0, 1, 1, 2, 3])], [0])
    assert place.rank == 1
    assert place.height == pytest.approx(2.0)  # scores 1, 0, 0, 0, 0: mean 0.2, deviation 0.4


def test_images_that_score_just_as_high_do_not_rank_before_the_target() -> None:
    places = find_places([space([0, 0], [0, 0, 0, 1])], [2, 3])
    assert [place.rank for place in places] == [1, 4]


def test_spaces_of_different_scale_count_alike() -> None:
    one = space([0], [0, 1, 2])
    loud = Space(texts_MD=one.texts_MD * 100, images_ND=AXES[[1, 0, 2]])
    (first,), (second,) = (find_places([one, loud], [row]) for row in (0, 1))
    assert (first.rank, second.rank) == (1, 1)
    assert first.height == pytest.approx(second.height)


@CALM
@given(st.integers(1, 6), st.integers(2, 7), st.integers(0, 2**31))
def test_ranks_are_those_of_a_walk_through_the_scores(texts: int, images: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    made = Space(texts_MD=draw.standard_normal((texts, 3)).astype(np.float32),
                 images_ND=draw.standard_normal((images, 3)).astype(np.float32))  # fmt: skip
    targets = draw.integers(images, size=texts).tolist()
    scores = made.texts_MD @ made.images_ND.T
    walked = [1 + sum(score > row[target] for score in row)
              for row, target in zip(scores.tolist(), targets, strict=True)]  # fmt: skip
    assert [place.rank for place in find_places([made], targets)] == walked


def test_texts_are_ranked_in_parts_as_they_are_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made, targets = space([0, 1, 2, 3, 0], [0, 1, 2, 3]), [0, 0, 1, 3, 2]
    whole = find_places([made], targets)
    monkeypatch.setattr(answerable, "AT_ONCE", 2)
    assert find_places([made], targets) == whole


def test_scores_that_are_none_and_shapes_that_do_not_fit_are_refused() -> None:
    broken = Space(texts_MD=AXES[[0]] * np.float32("nan"), images_ND=AXES)
    with pytest.raises(ScoreError):
        find_places([broken], [0])
    with pytest.raises(ValueError, match="2 targets"):
        find_places([space([0], [0, 1])], [0, 1])


@pytest.mark.parametrize(
    ("place", "found"),
    [(Place(rank=3, height=4.0), "answerable"), (Place(rank=4, height=4.0), ""),
     (Place(rank=3, height=2.9), "")],
)  # fmt: skip
def test_a_target_falls_when_it_ranks_first_and_stands_out(place: Place, found: str) -> None:
    finding = weigh_place(place, 1000, bar(rank=3, height=3.0))
    assert finding.rule == found
    assert finding.value == f"rank {place.rank} of 1000, height {place.height:.1f}"


def test_the_share_decides_where_it_is_more_than_the_rank() -> None:
    wide = bar(rank=3, share=0.01)
    assert (wide.highest(100), wide.highest(1000)) == (3, 10)
    assert weigh_place(Place(rank=10, height=0.0), 1000, wide).rule == "answerable"


def test_weighing_keeps_the_text_with_less_weight() -> None:
    found = weigh_place(Place(rank=1, height=5.0), 10, bar(action="weight"))
    assert (found.kept, found.weight) == (True, 0.25)


def test_only_composed_tasks_are_asked_and_each_text_by_its_pair() -> None:
    places = {
        ("pair", "in red"): Place(rank=9, height=0.0),
        ("other", "in red"): Place(rank=1, height=9.0),
    }
    gate = answerable_gate(places, 10, bar())
    assert set(gate.tasks) == {COMPOSED, COMPOSED_TO_TEXT}
    rules = [
        gate.weigh(described(pair_id=name), [written("in red")])[0].rule
        for name in ("pair", "other")
    ]
    assert rules == ["", "answerable"]


@CALM
@given(
    st.integers(1, 50), st.floats(-5, 9), st.integers(0, 30), st.floats(-5, 9), st.integers(0, 9)
)
def test_a_higher_rank_or_a_lower_height_never_keeps_more(
    rank: int, height: float, limit: int, least: float, more: int
) -> None:
    place = Place(rank=rank, height=height)
    mild = weigh_place(place, 100, bar(rank=limit, height=least))
    strict = weigh_place(place, 100, bar(rank=limit + more, height=least - more))
    assert mild.kept or not strict.kept
