"""Count what gates found: how many they saw and took, a histogram, a few examples. Plain values.

Knows findings; knows no report. Sums of parts are the same in any order and any cut into shards.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from pairmill.core.gating.findings import Finding, Gate
from pairmill.core.gating.sieve import SCHEMA, Sifted
from pairmill.core.ids import order_key
from pairmill.core.records import Pair

MAX_EXAMPLES = 10
SCHEMA_EDGES = (0.0, 1.0, 2.0)


@dataclass(frozen=True, kw_only=True)
class Example:
    """One text, or negative, that a gate took; image: the negative's id, else empty."""

    pair_id: str
    query_id: str
    target_id: str
    text: str
    rule: str
    value: str
    image: str = ""

    @property
    def place(self) -> tuple[str, str]:
        """Where it stands among all: a hash of what it is decides."""
        parts = (self.pair_id, self.image, self.text)
        return order_key(0, "example", *parts), self.rule + self.value


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What one gate did.

    fell: texts by rule. lighter: kept texts that weigh less than 1. edges, bins: the histogram of
    measures, one bin between two edges, what lies beyond them at the ends. examples: the first ten
    by a hash of ids.
    """

    threshold: float
    edges: tuple[float, ...]
    seen: int = 0
    lighter: int = 0
    fell: Mapping[str, int] = field(default_factory=dict)
    bins: tuple[int, ...] = ()
    examples: tuple[Example, ...] = ()

    @classmethod
    def of(cls, gate: Gate, found: Iterable[tuple[Finding, Example]]) -> "Tally":
        """Return the tally of a gate's findings."""
        listed = list(found)
        bins = [0] * (len(gate.edges) - 1)
        for finding, _ in listed:
            bins[place_of(finding.measure, gate.edges)] += 1
        return cls(
            threshold=gate.threshold, edges=gate.edges, seen=len(listed), bins=tuple(bins),
            lighter=sum(finding.kept and finding.weight < 1 for finding, _ in listed),
            fell=_sorted(Counter(f.rule for f, _ in listed if not f.kept)),
            examples=_first(example for finding, example in listed if not finding.kept),
        )  # fmt: skip

    def plus(self, other: "Tally") -> "Tally":
        """Return the sum; ValueError for a gate of another threshold or other edges."""
        if (self.threshold, self.edges) != (other.threshold, other.edges):
            raise ValueError(f"got tallies of thresholds {self.threshold} and {other.threshold}, "
                             "wanted two of one gate")  # fmt: skip
        return replace(
            self, seen=self.seen + other.seen, lighter=self.lighter + other.lighter,
            fell=_sorted(Counter(self.fell) + Counter(other.fell)),
            bins=tuple(a + b for a, b in zip(self.bins, other.bins, strict=True)),
            examples=_first((*self.examples, *other.examples)),
        )  # fmt: skip

    def to_plain(self) -> dict[str, Any]:
        """Return values of JSON."""
        lists = {"edges": list(self.edges), "bins": list(self.bins)}
        return {**asdict(self), **lists, "examples": [asdict(each) for each in self.examples]}

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> "Tally":
        """Return the tally that `to_plain` made these of."""
        made = {
            "edges": tuple(values["edges"]),
            "bins": tuple(values["bins"]),
            "examples": tuple(Example(**each) for each in values["examples"]),
        }
        return cls(**{**values, **made})


def place_of(measure: float, edges: Sequence[float]) -> int:
    """Return the bin of a measure: bin i holds edges[i] <= measure < edges[i + 1], the last one
    its upper edge and all beyond."""
    return min(max(bisect_right(edges, measure) - 1, 0), len(edges) - 2)


def tally_texts(sifted: Iterable[Sifted], gates: Sequence[Gate]) -> dict[str, Tally]:
    """Return a tally for the schema and for each gate, in their order."""
    found: dict[str, list[tuple[Finding, Example]]] = {}
    for one in sifted:
        pair = one.description.pair
        for each in one.weighed:
            example = example_of(pair, each.finding, text=each.text)
            found.setdefault(each.gate, []).append((each.finding, example))
    schema = Gate(name=SCHEMA, threshold=1.0, edges=SCHEMA_EDGES, weigh=lambda *_: [])
    return {gate.name: Tally.of(gate, found.get(gate.name, ())) for gate in (schema, *gates)}


def example_of(pair: Pair, finding: Finding, *, text: str = "", image: str = "") -> Example:
    """Return what is shown of a text, or of a negative, that fell."""
    return Example(
        pair_id=pair.pair_id, query_id=pair.query_id, target_id=pair.target_id, text=text,
        rule=finding.rule, value=finding.value, image=image,
    )  # fmt: skip


def add_up(parts: Iterable[Mapping[str, Tally]]) -> dict[str, Tally]:
    """Return the sum of several parts' tallies, by gate."""
    sums: dict[str, Tally] = {}
    for part in parts:
        for name, tally in part.items():
            sums[name] = sums[name].plus(tally) if name in sums else tally
    return sums


def _first(examples: Iterable[Example]) -> tuple[Example, ...]:
    return tuple(sorted(examples, key=lambda example: example.place)[:MAX_EXAMPLES])


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items()))
