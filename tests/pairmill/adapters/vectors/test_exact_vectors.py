"""What only the exact engine must do: bounded memory, and a floor that never cuts too high."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from pairmill.adapters.vectors.exact import ExactVectors
from pairmill.adapters.vectors.nearest import Best, group_floor, true_places

Scores = NDArray[np.float32]

scores = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 5), st.integers(1, 80)),
    elements=st.floats(-1, 1, width=32) | st.sampled_from([0.0, 0.5]),
)


@given(scores, st.integers(1, 30))
def test_at_least_k_scores_reach_the_group_floor(scores_QC: Scores, k: int) -> None:
    if k <= scores_QC.shape[1]:
        assert ((scores_QC >= group_floor(scores_QC, k)[:, None]).sum(axis=1) >= k).all()


@given(hnp.arrays(np.bool_, st.tuples(st.integers(0, 9), st.integers(0, 40))))
def test_the_true_places_of_a_mask_are_those_of_numpy(mask_QC: NDArray[np.bool_]) -> None:
    np.testing.assert_array_equal(true_places(mask_QC), np.flatnonzero(mask_QC))


@given(st.lists(scores, min_size=1, max_size=4), st.integers(1, 30))
def test_taking_in_tiles_keeps_the_largest_of_all(tiles: list[Scores], k: int) -> None:
    tiles = [tile[:1] for tile in tiles]
    best, first_row = Best(1, k), 0
    for tile in tiles:
        best.take(first_row, tile)
        first_row += tile.shape[1]
    all_C = np.concatenate(tiles, axis=1)[0]
    wanted = np.sort(all_C)[::-1][:k]
    rows_QK, scores_QK = best.sorted()
    np.testing.assert_array_equal(scores_QK[0][: len(wanted)], wanted)
    rows = rows_QK[0][rows_QK[0] >= 0]
    assert len(set(rows.tolist())) == len(rows) == len(wanted)
    np.testing.assert_array_equal(all_C[rows], wanted)


def test_a_search_never_holds_the_whole_matrix_of_scores() -> None:
    num, num_queries, tile = 20_000, 512, 256
    vectors_ND = np.random.default_rng(0).standard_normal((num, 8)).astype(np.float32)
    vectors_ND /= np.linalg.norm(vectors_ND, axis=1, keepdims=True)
    store = ExactVectors(tile=tile)
    store.create("c", 8)
    store.upsert("c", [f"{i:032x}" for i in range(num)], vectors_ND)
    tracemalloc.start()
    found = store.search("c", vectors_ND[:num_queries], 2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found.ids) == num_queries
    names, whole_matrix = num * 8, num_queries * num * 4
    assert peak < 16 * tile * tile + names < whole_matrix / 20


def test_growing_copies_no_vector() -> None:
    store = ExactVectors(tile=4)
    store.create("c", 2)
    one = np.array([[1, 0]], np.float32)
    store.upsert("c", [f"{0:032x}"], one)
    first = next(iter(store._collections["c"].tiles()))[1]
    for i in range(1, 50):
        store.upsert("c", [f"{i:032x}"], one)
    assert np.shares_memory(first, next(iter(store._collections["c"].tiles()))[1])


def test_a_tile_of_no_rows_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        ExactVectors(tile=0)
