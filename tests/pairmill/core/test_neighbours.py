"""Merging the heaps of tiles: order, grouping and repetition change nothing; nor do ties."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from pairmill.core.neighbours import Neighbour, merge, rank

SCORES = {f"{i:02d}": [0.1, 0.5, 0.5, 0.5, 0.9][i % 5] for i in range(30)}
"""An id has one score, wherever it comes; many are equal."""
heaps = st.lists(st.sampled_from(sorted(SCORES)), max_size=20).map(
    lambda ids: [(i, SCORES[i]) for i in dict.fromkeys(ids)]
)
sizes = st.integers(1, 12)


def merged(k: int, *parts: Sequence[Neighbour]) -> list[Neighbour]:
    return merge("q", parts, k)


@given(heaps, heaps, heaps, sizes)
def test_merging_is_associative_commutative_and_idempotent(
    a: list[Neighbour], b: list[Neighbour], c: list[Neighbour], k: int
) -> None:
    left = merged(k, merged(k, a, b), c)
    assert left == merged(k, a, merged(k, b, c))
    assert left == merged(k, c, b, a)
    assert left == merged(k, left, left) == merged(k, left, a)


@given(st.lists(heaps, max_size=5), sizes)
def test_merged_tiles_are_the_best_of_all_by_brute_force(
    tiles: list[list[Neighbour]], k: int
) -> None:
    together = {n for tile in tiles for n in tile}
    heap: list[Neighbour] = []
    for tile in tiles:
        heap = merged(k, heap, rank("q", tile, ())[:k])
    assert heap == rank("q", together, ())[:k]


def test_equal_scores_are_ordered_by_a_hash_of_both_ids_not_by_who_came_first() -> None:
    tied = [("a", 0.5), ("b", 0.5), ("c", 0.5)]
    assert rank("q", tied, ()) == rank("q", reversed(tied), ())
    orders = {tuple(i for i, _ in rank(query, tied, ())) for query in "qrstuvwxyz"}
    assert len(orders) > 1
