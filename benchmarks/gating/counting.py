"""Count what gates found of what was planted. Knows truth and findings; knows no gate."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from benchmarks.gating.planting import Planted

Said = tuple[bool, bool]
"""Whether a fault was planted, and whether one was found."""
MOST_SHOWN = 10


def precision_recall(pairs: Iterable[Said]) -> tuple[float, float]:
    """Return which share of what was found was planted, and which share of what was planted was
    found; 0 where there is none."""
    listed = list(pairs)
    both = sum(planted and found for planted, found in listed)
    num_found = sum(found for _, found in listed)
    num_planted = sum(planted for planted, _ in listed)
    return round(both / max(num_found, 1), 4), round(both / max(num_planted, 1), 4)


def counts(pairs: Sequence[Said]) -> dict[str, int]:
    """Return how many were weighed, planted and found."""
    planted, found = (sum(each) for each in zip(*pairs, strict=True)) if pairs else (0, 0)
    return {"weighed": len(pairs), "planted": planted, "found": found}


def by_form(planted: Sequence[Planted], found: Sequence[bool]) -> dict[str, float]:
    """Return by form the share that a gate took: near 1 for faults, near 0 for clean texts."""
    taken: dict[str, list[bool]] = defaultdict(list)
    for each, is_found in zip(planted, found, strict=True):
        taken[f"{'fault' if each.fault else 'clean'}, {each.form}"].append(is_found)
    return {form: round(sum(each) / len(each), 4) for form, each in sorted(taken.items())}


def told_wrongly(planted: Sequence[Planted], found: Sequence[bool]) -> list[str]:
    """Return a few texts that a gate missed, or took without a fault."""
    wrong = [
        f"{'missed' if each.fault else 'taken'}, {each.form}: {each.text}"
        for each, is_found in zip(planted, found, strict=True)
        if is_found != each.fault
    ]
    return wrong[:MOST_SHOWN]
