"""Our differences beside the paper's: do both point the same way? Knows means and the paper's
tables.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.standalone.ablating.paper import Row, Table
from services.standalone.ablating.weighing import Mean

FIGURE = "composed"
AGREES, DIFFERS, UNTOLD, BASE = "agrees", "differs", "not told apart", "base"
Means = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One row of a table of the paper with ours beside it.

    theirs: points that the paper's mean over its four benchmarks has more than its base. mean,
    difference: ours of composed recall@1, None where the switch was not run.
    """

    row: Row
    theirs: float
    mean: Mean | None
    difference: Mean | None
    verdict: str


def compare(table: Table, means: Means) -> list[Compared]:
    """Return the paper's rows with ours beside them, in its order."""
    found = []
    for row in table.rows:
        theirs = table.difference(row.switch)
        ours = means.get(row.switch, {}).get(FIGURE)
        less = to_mean(ours["difference"]) if ours else None
        verdict = BASE if row.switch == table.base else verdict_of(theirs, less)
        found.append(Compared(row=row, theirs=theirs, mean=to_mean(ours), difference=less,
                              verdict=verdict))  # fmt: skip
    return found


def verdict_of(theirs: float, ours: Mean | None) -> str:
    """Say whether our difference points where theirs does; `not told apart` where its interval
    holds zero or there is none, and nothing where there is no difference at all."""
    if ours is None:
        return ""
    if not ours.sure:
        return UNTOLD
    return AGREES if (ours.mean > 0) == (theirs > 0) else DIFFERS


def to_mean(values: Mapping[str, Any] | None) -> Mean | None:
    """Return a mean of its plain values."""
    if values is None:
        return None
    return Mean(mean=values["mean"], half=values["half"], num=values["num"])
