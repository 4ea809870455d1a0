"""Metrics against hand cases of CIRCO, M-BEIR and caption retrieval, and a brute force."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairmill.core.metrics import average_precision_at, figures, recall_at, reciprocal_rank

ranks = st.lists(st.integers(1, 30), min_size=1, max_size=8, unique=True).map(sorted)


def test_circo_divides_by_the_smaller_of_k_and_the_number_of_targets() -> None:
    assert average_precision_at([1, 2, 3, 4, 5, 11, 12, 13], 5) == 1.0
    assert average_precision_at([1, 3], 5) == pytest.approx(0.8333, abs=1e-4)


def test_one_of_several_positives_is_enough_for_recall() -> None:
    assert recall_at([4, 9, 17], 5) == 1


def test_the_best_of_five_captions_counts() -> None:
    captions = [3, 7, 9, 20, 31]
    assert (recall_at(captions, 1), recall_at(captions, 5)) == (0, 1)
    assert reciprocal_rank(captions) == pytest.approx(1 / 3)


@given(ranks, st.integers(1, 30))
def test_average_precision_is_that_of_a_walk_down_the_ranking(found: list[int], k: int) -> None:
    total, hits = 0.0, 0
    for rank in range(1, k + 1):
        if rank in found:
            hits += 1
            total += hits / rank
    assert average_precision_at(found, k) == pytest.approx(total / min(k, len(found)))


@given(ranks, st.integers(1, 30))
def test_every_metric_lies_in_0_to_1_and_grows_with_k(found: list[int], k: int) -> None:
    assert 0 <= average_precision_at(found, k) <= 1
    assert recall_at(found, k) <= recall_at(found, k + 1)
    assert 0 < reciprocal_rank(found) <= 1


def test_figures_are_means_over_queries() -> None:
    got = figures([(1,), (3,), (2, 4)], ks=(2,))
    assert got["recall@1"] == pytest.approx(1 / 3)
    assert got["recall@2"] == pytest.approx(2 / 3)
    assert got["map@5"] == pytest.approx((1 + 1 / 3 + (1 / 2 + 2 / 4) / 2) / 3)
    assert got["map@2"] == pytest.approx((1 + 0 + (1 / 2) / 2) / 3)
    assert got["mrr"] == pytest.approx((1 + 1 / 3 + 1 / 2) / 3)


def test_figures_always_hold_the_keys_of_the_report() -> None:
    want = {"recall@1", "recall@5", "recall@10", "map@5", "map@10", "mrr"}
    assert set(figures([(1,)], ks=(1,))) == want


def test_without_queries_there_are_no_figures() -> None:
    assert figures([]) == {}
