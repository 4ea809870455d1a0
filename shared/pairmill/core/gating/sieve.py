"""Pass the texts of a pair through gates, one after another. Knows no gate's rule.

A text that falls is seen by no later gate, so that each reject has one rule and the costly gates
come last.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pairmill.core.answers import Fault
from pairmill.core.errors import RejectError
from pairmill.core.gating.findings import Finding, Gate
from pairmill.core.records import Description
from pairmill.core.synthesis import COMPOSED, Written

SCHEMA = "schema"
NOTHING = "nothing_written"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A text that has passed, and its weight: the product of what the gates gave it."""

    written: Written
    weight: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Weighed:
    """One gate's finding of one text; written: None for an answer that could not be read."""

    gate: str
    written: Written | None
    finding: Finding

    @property
    def text(self) -> str:
        """What was weighed, in one line."""
        parts = (self.written.text, self.written.answer) if self.written else ()
        return " → ".join(part for part in parts if part)


@dataclass(frozen=True, kw_only=True)
class Sifted:
    """What is left of a pair's texts, and all that was found of them, in order of gates."""

    description: Description
    kept: tuple[Kept, ...]
    weighed: tuple[Weighed, ...]

    @property
    def fallen(self) -> tuple[Weighed, ...]:
        """The texts that fell, each with the gate that took it."""
        return tuple(each for each in self.weighed if not each.finding.kept)


def begin(
    description: Description, texts: Sequence[Written], faults: Sequence[Fault] = ()
) -> Sifted:
    """Return a pair's texts before any gate.

    faults: of answers that could not be read; each counts as a text that fell by the fault's name.
    """
    fits = Finding(measure=1.0, value="fits")
    good = [Weighed(gate=SCHEMA, written=written, finding=fits) for written in texts]
    bad = [Weighed(gate=SCHEMA, written=None,
                   finding=Finding(measure=0.0, value=str(fault), rule=fault.name))
           for fault in faults]  # fmt: skip
    kept = tuple(Kept(written=written) for written in texts)
    return Sifted(description=description, kept=kept, weighed=(*good, *bad))


def sift(sifted: Sifted, gates: Sequence[Gate]) -> Sifted:
    """Return what these gates leave."""
    for gate in gates:
        sifted = _through(gate, sifted)
    return sifted


def let_by(sifted: Sifted, texts: Sequence[Written]) -> Sifted:
    """Return it with texts that no gate was to see, before its own."""
    return replace(sifted, kept=(*(Kept(written=text) for text in texts), *sifted.kept))


def _through(gate: Gate, sifted: Sifted) -> Sifted:
    rows = [row for row, each in enumerate(sifted.kept) if each.written.task in gate.tasks]
    texts = [sifted.kept[row].written for row in rows]
    found = dict(zip(rows, gate.weigh(sifted.description, texts), strict=True))
    weighed = (Weighed(gate=gate.name, written=text, finding=finding)
               for text, finding in zip(texts, found.values(), strict=True))  # fmt: skip
    passed = Finding(measure=0.0, value="not of its tasks")
    left = ((each, found.get(row, passed)) for row, each in enumerate(sifted.kept))
    return replace(
        sifted,
        kept=tuple(replace(each, weight=each.weight * finding.weight)
                   for each, finding in left if finding.kept),
        weighed=(*sifted.weighed, *weighed),
    )  # fmt: skip


def why_rejected(sifted: Sifted, least: int) -> RejectError | None:
    """Return why a pair is left out, or None where enough of its instructions were kept.

    Composed instructions alone count where any was written. The rule is the one that took most;
    of equal ones the first gate's, then the first by name. Answers that could not be read count.
    """
    composed = any(_is_composed(each.written) for each in sifted.weighed)
    kept = [each for each in sifted.kept if _is_composed(each.written) or not composed]
    if len(kept) >= least:
        return None
    fallen = [each for each in sifted.fallen
              if not (composed and each.written) or _is_composed(each.written)]  # fmt: skip
    if not fallen:
        return RejectError(NOTHING, f"{len(kept)} instructions, wanted {least}")
    gates = {each.gate: place for place, each in reversed([*enumerate(sifted.weighed)])}
    took = Counter((each.gate, each.finding.rule) for each in fallen)
    gate, rule = min(took, key=lambda name: (-took[name], gates[name[0]], name[1]))
    value = min(e.finding.value for e in fallen if (e.gate, e.finding.rule) == (gate, rule))
    num = len(kept) + len(fallen)
    return RejectError(rule, f"{len(kept)} of {num} kept, wanted {least}; {value}")


def _is_composed(written: Written | None) -> bool:
    return written is not None and written.task == COMPOSED
