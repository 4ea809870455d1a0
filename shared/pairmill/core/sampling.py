"""Choose among mined pairs: caps on targets and on cells, balance of relations. Knows no vector.

Which pairs stay is decided by a hash of seed and pair, so shards and their order do not matter.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from pairmill.core.ids import order_key
from pairmill.core.records import Pair

Sides = tuple[list[Pair], list[Pair]]
"""The pairs that stay, in an order that seed and ids decide, and those left out."""
NO_CELL = -1


def cap_targets(pairs: Iterable[Pair], *, cap: int, seed: int) -> Sides:
    """Return (kept, left out): no image is a target more than `cap` times."""
    times: Counter[str] = Counter()
    kept: list[Pair] = []
    left_out: list[Pair] = []
    for pair in _ordered(pairs, seed):
        times[pair.target_id] += 1
        (kept if times[pair.target_id] <= cap else left_out).append(pair)
    return kept, left_out


def cells_of(pair: Pair, cells: Mapping[str, int]) -> tuple[int, int]:
    """Return the cells that a pair leads from and to; -1 for an image without one."""
    return cells.get(pair.query_id, NO_CELL), cells.get(pair.target_id, NO_CELL)


def cap_cells(pairs: Iterable[Pair], cells: Mapping[str, int], *, cap: int, seed: int) -> Sides:
    """Return (kept, left out): at most `cap` pairs lead from any one cell to any one cell.

    What is dense in the corpus then gives no more than what is sparse, as in WeMM's curated tenth
    (arXiv 2608.24053). Pairs with an image that has no cell are all kept.
    """
    times: Counter[tuple[int, int]] = Counter()
    kept: list[Pair] = []
    left_out: list[Pair] = []
    for pair in _ordered(pairs, seed):
        ends = cells_of(pair, cells)
        times[ends] += 1
        (kept if times[ends] <= cap or NO_CELL in ends else left_out).append(pair)
    return kept, left_out


def relation_set(pair: Pair) -> str:
    """Return the spaces that found a pair, as one name: `caption+visual_pattern`."""
    return "+".join(sorted({relation.space for relation in pair.relations}))


def balance_relations(pairs: Iterable[Pair], *, balance: float, seed: int) -> Sides:
    """Return (kept, left out): relation sets that found many pairs give fewer of them.

    A set of n pairs keeps n^(1 - balance) · m^balance of them, with m the median size (the lower
    of two): 0 keeps all, 1 lets none give more than m. Sets up to m always stay whole.
    """
    found: dict[str, list[Pair]] = {}
    for pair in _ordered(pairs, seed):
        found.setdefault(relation_set(pair), []).append(pair)
    sizes = sorted(len(of_set) for of_set in found.values())
    kept: list[Pair] = []
    left_out: list[Pair] = []
    for of_set in found.values():
        median = min(sizes[(len(sizes) - 1) // 2], len(of_set))
        quota = round(len(of_set) ** (1 - balance) * median**balance)
        kept += of_set[:quota]
        left_out += of_set[quota:]
    return _ordered(kept, seed), _ordered(left_out, seed)


def draw_pairs(pairs: Iterable[Pair], *, most: int, seed: int) -> Sides:
    """Return (kept, left out): `most` pairs at most."""
    ordered = _ordered(pairs, seed)
    return ordered[:most], ordered[most:]


def _ordered(pairs: Iterable[Pair], seed: int) -> list[Pair]:
    return sorted(pairs, key=lambda pair: order_key(seed, "select", pair.pair_id))
