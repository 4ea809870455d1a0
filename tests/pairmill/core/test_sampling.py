"""Which of the mined pairs stay: caps, cells and balance, against counting by hand."""

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairmill.core.records import Pair, Relation
from pairmill.core.sampling import (
    Sides,
    balance_relations,
    cap_cells,
    cap_targets,
    draw_pairs,
    relation_set,
)

ends = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), unique=True, max_size=40)
CELLS = {str(i): i // 4 for i in range(8)}
"""Images 8 and 9 have no cell."""


def pair(query: object, target: object, *spaces: str) -> Pair:
    relations = tuple(Relation(space=space, rank=1, score=0.5) for space in spaces)
    return Pair(pair_id=f"{query}-{target}", query_id=str(query), target_id=str(target),
                relations=relations, negatives=())  # fmt: skip


@given(ends)
def test_the_cap_keeps_as_many_of_a_target_as_it_may(found: list[tuple[int, int]]) -> None:
    pairs = [pair(*end) for end in found]
    kept, left_out = cap_targets(pairs, cap=3, seed=0)
    assert sorted(p.pair_id for p in kept + left_out) == sorted(p.pair_id for p in pairs)
    for target in {pair.target_id for pair in pairs}:
        offered = sum(pair.target_id == target for pair in pairs)
        assert sum(pair.target_id == target for pair in kept) == min(offered, 3)


@given(ends)
def test_from_cell_to_cell_lead_as_many_pairs_as_may(found: list[tuple[int, int]]) -> None:
    pairs = [pair(*end) for end in found]
    kept, left_out = cap_cells(pairs, CELLS, cap=2, seed=0)
    assert sorted(p.pair_id for p in kept + left_out) == sorted(p.pair_id for p in pairs)

    def leads(p: Pair) -> tuple[int, int]:
        return CELLS.get(p.query_id, -1), CELLS.get(p.target_id, -1)

    offered, given_ = Counter(map(leads, pairs)), Counter(map(leads, kept))
    for cells, num in offered.items():
        assert given_[cells] == (num if -1 in cells else min(num, 2))


def crowd() -> list[Pair]:
    """Return 100 pairs by one space, 40 by another, 10 by both."""
    sizes = {("caption",): 100, ("visual_pattern",): 40, ("caption", "visual_pattern"): 10}
    return [pair(f"{'-'.join(s)}{i}", i, *s) for s, num in sizes.items() for i in range(num)]


@pytest.mark.parametrize(("balance", "wanted"), [(0, (100, 40, 10)), (1, (40, 40, 10)),
                                                 (0.5, (63, 40, 10))])  # fmt: skip
def test_sets_above_the_median_give_fewer_and_the_others_stay_whole(
    balance: float, wanted: tuple[int, int, int]
) -> None:
    kept, left_out = balance_relations(crowd(), balance=balance, seed=0)
    sizes = Counter(map(relation_set, kept))
    names = ("caption", "visual_pattern", "caption+visual_pattern")
    assert tuple(sizes[name] for name in names) == wanted
    assert len(kept) + len(left_out) == 150


def test_two_sets_become_equal() -> None:
    pairs = [pair(i, "a", "caption") for i in range(9)]
    pairs += [pair(i, "b", "visual_pattern") for i in range(3)]
    kept, _ = balance_relations(pairs, balance=1, seed=0)
    assert Counter(map(relation_set, kept)) == {"caption": 3, "visual_pattern": 3}


DRAWS: list[Callable[[list[Pair]], Sides]] = [
    lambda pairs: cap_targets(pairs, cap=3, seed=0),
    lambda pairs: cap_cells(pairs, {str(i): 0 for i in range(100)}, cap=3, seed=0),
    lambda pairs: balance_relations(pairs, balance=1, seed=0),
    lambda pairs: draw_pairs(pairs, most=10, seed=0),
]


@pytest.mark.parametrize("draw", DRAWS)
def test_the_order_of_the_pairs_decides_nothing(draw: Callable[[list[Pair]], Sides]) -> None:
    assert draw(crowd()) == draw(crowd()[::-1])


def test_no_pairs_are_balanced_to_none() -> None:
    assert balance_relations([], balance=1, seed=0) == ([], [])


def test_fewer_pairs_are_drawn_from_those_of_a_larger_draw() -> None:
    few, left_out = draw_pairs(crowd(), most=10, seed=0)
    more, _ = draw_pairs(crowd(), most=20, seed=0)
    assert (len(few), len(left_out)) == (10, 140)
    assert more[:10] == few
    assert draw_pairs(crowd(), most=1000, seed=0)[1] == []
