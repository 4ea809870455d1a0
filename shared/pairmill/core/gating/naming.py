"""Reject instructions that name nothing of what only the target shows. Knows descriptions and
words.

Strict: whoever says it in other words ("at dusk" for "evening sky") falls. It is for small models,
which repeat the description or miss it; a run asks for it. Only English is weighed.
"""

from collections.abc import Sequence

from pairmill.core.gating.findings import Finding, Gate
from pairmill.core.gating.stems import GENERIC_STEMS, phrase_stems, stems
from pairmill.core.records import Description
from pairmill.core.synthesis import COMPOSED, COMPOSED_TO_TEXT, Written

NAME = "naming"
RULE = "names_nothing"
EDGES = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
LEAST = 1
ENGLISH = "en"


def target_stems(description: Description) -> frozenset[str]:
    """Return the stems of content words of the target's own side; what both have is not its own."""
    own = phrase_stems(description.only_target) - phrase_stems(description.shared)
    return own - GENERIC_STEMS


def weigh_names(text: str, own: frozenset[str]) -> Finding:
    """Return the finding: `names_nothing` where no word is the target's own. The measure is how
    many are; where the target has none of its own, every text passes."""
    if not own:
        return Finding(measure=LEAST, value="nothing to name")
    named = sorted(stems(text) & own)
    return Finding(measure=len(named), value=", ".join(named) or "none",
                   rule="" if named else RULE)  # fmt: skip


def naming_gate() -> Gate:
    """Return the gate over composed instructions."""

    def weigh(description: Description, texts: Sequence[Written]) -> list[Finding]:
        own = target_stems(description)
        return [weigh_names(each.text, own) if each.language == ENGLISH
                else Finding(measure=LEAST, value="not weighed") for each in texts]  # fmt: skip

    return Gate(name=NAME, threshold=LEAST, edges=EDGES, weigh=weigh,
                tasks=(COMPOSED, COMPOSED_TO_TEXT))  # fmt: skip
