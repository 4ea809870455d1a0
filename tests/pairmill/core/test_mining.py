"""Mining's choices, each against a plain loop or a hand-computed case."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairmill.core.mining import Choice, Window, choose_pairs, negatives, quantile_band
from pairmill.core.neighbours import rank, rescore
from pairmill.core.records import Band

CHOICE = Choice(seed=1, num_negatives=3)


def unit(rows: int, dim: int, seed: int = 0) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(rows, dim)).astype(np.float32)
    unit: np.ndarray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def window(
    space: str, first: int, last: int, low: float, high: float, num_pairs: int = 2
) -> Window:
    band = Band(space=space, low=low, high=high, num_sampled=0)
    return Window(first_rank=first, last_rank=last, band=band, num_pairs=num_pairs)


def test_a_score_does_not_depend_on_which_others_are_scored_with_it() -> None:
    vectors = unit(50, 384)
    together = rescore(vectors[0], vectors)
    alone = [rescore(vectors[0], vectors[i : i + 1])[0] for i in range(50)]
    assert together == alone
    assert together == pytest.approx([float(vectors[0] @ v) for v in vectors], abs=1e-6)


def test_ranking_leaves_out_the_query_and_what_is_kept_out_and_breaks_ties_by_ids() -> None:
    near = [("q", 1.0), ("a", 0.5), ("b", 0.5), ("c", 0.9), ("d", 0.7)]
    ranked = rank("q", near, {"d"})
    assert ranked[0] == ("c", 0.9)
    assert {image for image, _ in ranked} == {"a", "b", "c"}
    assert rank("q", reversed(near), {"d"}) == ranked


def test_a_window_keeps_ranks_and_scores_inside_its_bounds_only() -> None:
    ranked = [("a", 0.99), ("b", 0.9), ("c", 0.8), ("d", 0.5)]
    cut = window("caption", 2, 4, 0.5, 0.9).cut(ranked)
    assert [(r.rank, r.score) for r in cut] == [(2, 0.9), (3, 0.8)]


def test_the_query_image_is_always_the_first_negative_and_the_target_never_one() -> None:
    found = negatives("q", "t", ["t", "a", "b", "c", "q"], CHOICE)
    assert found[0] == "q"
    assert len(found) == 3
    assert not {"t", "q"} & set(found[1:])
    assert found == negatives("q", "t", ["t", "a", "b", "c", "q"], CHOICE)


def test_a_pair_that_two_spaces_find_is_one_pair_with_both_relations() -> None:
    ranked = {"visual_pattern": [("a", 0.9), ("b", 0.8)], "caption": [("b", 0.7), ("a", 0.6)]}
    windows = {space: window(space, 1, 2, 0.0, 1.0) for space in ranked}
    pairs = choose_pairs("q", ranked, windows, CHOICE)
    assert [pair.target_id for pair in pairs] == ["a", "b"]
    assert [(r.space, r.rank) for r in pairs[0].relations] == [
        ("visual_pattern", 1),
        ("caption", 2),
    ]


@given(st.integers(0, 1000), st.integers(1, 5))
def test_no_space_gives_more_pairs_than_it_may(seed: int, most: int) -> None:
    scores = np.random.default_rng(seed).uniform(0, 1, 30)
    near = rank("q", [(f"{i:02d}", float(s)) for i, s in enumerate(scores)], ())
    windows = {"caption": window("caption", 1, 20, 0, 1, most)}
    pairs = choose_pairs("q", {"caption": near}, windows, CHOICE)
    assert len(pairs) == min(most, 20)


def test_a_quantile_band_matches_a_plain_loop_over_all_pairs() -> None:
    vectors = unit(40, 8)
    cosines = [float(vectors[i] @ vectors[j]) for i in range(40) for j in range(i + 1, 40)]
    band = quantile_band("caption", vectors, 0.5, 0.9)
    assert band.low == pytest.approx(float(np.quantile(cosines, 0.5)), abs=2e-5)
    assert band.high == pytest.approx(float(np.quantile(cosines, 0.9)), abs=2e-5)


def test_one_image_alone_has_a_band_that_excludes_nothing() -> None:
    assert quantile_band("caption", unit(1, 8), 0.5, 0.9).low == -1.0
