"""Ranks of targets against a brute force, hand cases and the traps of public benchmarks."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairmill.core.errors import ScoreError, StopError
from pairmill.core.metrics import figures, recall_at
from pairmill.core.ranking import Asked, best_rows, target_ranks


def brute_force(scores: list[float], asked: Asked) -> tuple[int, ...]:
    rows = set(asked.gallery or range(len(scores))) - set(asked.removed) - set(asked.targets)
    ordered = sorted(set(asked.targets), key=lambda row: -scores[row])
    ranks = []
    for place, target in enumerate(ordered, start=1):
        above = [row for row in rows if scores[row] >= scores[target]]
        ranks.append(len(above) + place)
    return tuple(ranks)


@st.composite
def questions(draw: st.DrawFn) -> tuple[list[float], Asked]:
    num = draw(st.integers(2, 12))
    rows = st.integers(0, num - 1)
    scores = draw(
        st.lists(st.sampled_from([-1.0, 0.0, 0.25, 0.5, 1.0]), min_size=num, max_size=num)
    )
    targets = draw(st.lists(rows, min_size=1, max_size=4))
    removed = [row for row in draw(st.lists(rows, max_size=3)) if row not in targets]
    own = draw(st.lists(rows, max_size=num))
    gallery = (*own, *targets) if own else ()
    return scores, Asked(targets=tuple(targets), removed=tuple(removed), gallery=gallery)


@given(st.lists(questions(), min_size=1, max_size=3))
def test_ranks_are_those_of_a_brute_force(asked: list[tuple[list[float], Asked]]) -> None:
    for scores, one in asked:
        got = target_ranks(np.array([scores], np.float32), [one])
        assert got == [brute_force(scores, one)]


def test_every_equal_score_ranks_above_the_target() -> None:
    scores = np.full((1, 15), 0.3, np.float32)
    (ranks,) = target_ranks(scores, [Asked(targets=(0,))])
    assert ranks == (15,)
    assert recall_at(ranks, 1) == 0


def test_equal_targets_do_not_count_against_each_other() -> None:
    scores = np.array([[0.5, 0.5, 0.5, 0.1]], np.float32)
    assert target_ranks(scores, [Asked(targets=(0, 2))]) == [(2, 3)]


def test_scores_within_the_tolerance_are_equal() -> None:
    scores = np.array([[0.5, 0.4999999, 0.4]], np.float32)
    assert target_ranks(scores, [Asked(targets=(0,))]) == [(1,)]
    assert target_ranks(scores, [Asked(targets=(0,))], tolerance=1e-6) == [(2,)]


def test_the_removed_reference_leaves_its_rank_to_the_target() -> None:
    reference, other, target = 0, 1, 2
    scores = np.array([[0.9, 0.8, 0.7]], np.float32)
    assert target_ranks(scores, [Asked(targets=(target,), removed=(reference,))]) == [(2,)]
    assert target_ranks(scores, [Asked(targets=(target,))]) == [(3,)]
    assert best_rows(scores[0], Asked(targets=(target,), removed=(reference,)), 2) == [
        other,
        target,
    ]


def test_a_subset_ranks_only_its_own_candidates() -> None:
    x, a, reference, target = 0, 1, 2, 3
    scores = np.array([[0.9, 0.8, 0.7, 0.6]], np.float32)
    asked = Asked(targets=(target,), removed=(reference,), gallery=(a, reference, target))
    (ranks,) = target_ranks(scores, [asked])
    assert ranks == (2,)
    assert (recall_at(ranks, 1), recall_at(ranks, 2)) == (0, 1)
    assert x not in best_rows(scores[0], asked, 4)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_score_that_is_not_finite_is_an_error_and_never_a_hit(bad: float) -> None:
    scores = np.array([[0.2, 0.1], [bad, 0.1]], np.float32)
    with pytest.raises(ScoreError, match="got 1 scores of 4 that are NaN or infinite"):
        target_ranks(scores, [Asked(targets=(0,)), Asked(targets=(0,))])
    with pytest.raises(StopError):
        best_rows(scores[1], Asked(targets=(0,)), 1)


def test_the_best_rows_put_a_target_last_among_equals() -> None:
    scores = np.array([0.5, 0.5, 0.9, 0.5], np.float32)
    assert best_rows(scores, Asked(targets=(0,)), 3) == [2, 1, 3]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"targets": ()}, "without targets"),
        ({"targets": (1,), "removed": (1,)}, "overlap"),
        ({"targets": (1,), "gallery": (0, 2)}, "not among the candidates"),
    ],
)
def test_a_question_that_cannot_be_ranked_is_refused(
    wrong: dict[str, tuple[int, ...]], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        Asked(**wrong)


def test_a_wrong_number_of_questions_is_refused() -> None:
    with pytest.raises(ValueError, match="got 2 rows of scores for 1 queries"):
        target_ranks(np.zeros((2, 3), np.float32), [Asked(targets=(0,))])


def test_the_emoji_benchmark_ranks_in_seconds() -> None:
    rng = np.random.default_rng(0)
    gallery = rng.standard_normal((2371, 384)).astype(np.float32)
    queries = rng.standard_normal((11645, 384)).astype(np.float32)
    asked = [Asked(targets=(q % 2371,), removed=((q + 1) % 2371,)) for q in range(len(queries))]
    started, ranks = time.perf_counter(), []
    for first in range(0, len(queries), 512):
        part = slice(first, first + 512)
        ranks += target_ranks(queries[part] @ gallery.T, asked[part])
    assert figures(ranks)["recall@10"] < 0.02
    assert time.perf_counter() - started < 20


@given(questions(), st.integers(1, 12))
def test_the_best_rows_are_those_of_a_plain_sort(asked: tuple[list[float], Asked], k: int) -> None:
    scores, one = asked
    kept = set(one.gallery or range(len(scores))) - set(one.removed)
    want = sorted(kept, key=lambda row: (-scores[row], row in one.targets, row))[:k]
    assert best_rows(np.array(scores, np.float32), one, k) == want
