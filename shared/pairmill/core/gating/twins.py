"""Reject instructions that say again what another one of their pair says. Knows words only.

Of two that are alike the one stays that a hash of pair and text puts first, so that it does not
matter in which order a model wrote them.
"""

from collections.abc import Sequence

from pairmill.core.gating.findings import Finding, Gate, even_edges
from pairmill.core.gating.stems import stem, tokens
from pairmill.core.ids import order_key
from pairmill.core.lexicon import ARTICLES
from pairmill.core.records import Description
from pairmill.core.synthesis import Written

NAME = "near_duplicate"


def alike(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the Jaccard index of two sets of stems, 0 to 1; 1 where both are empty."""
    either = one | other
    return len(one & other) / len(either) if either else 1.0


def all_stems(text: str) -> frozenset[str]:
    """Return the stems of every word but articles."""
    return frozenset(stem(word) for word in tokens(text) if word not in ARTICLES)


def weigh_twins(pair_id: str, texts: Sequence[Written], least: float) -> list[Finding]:
    """Return a finding for each text: `near_duplicate` where one that stays is alike by `least` or
    more. Texts of different tasks or languages are never alike."""
    order = sorted(range(len(texts)), key=lambda row: (_key(pair_id, texts[row]), row))
    found = [Finding(measure=0.0, value="none")] * len(texts)
    stay: list[int] = []
    for row in order:
        near = max(((_alike(texts[row], texts[other]), -place, other)
                    for place, other in enumerate(stay)), default=None)  # fmt: skip
        if near is None or near[0] < least:
            stay.append(row)
        if near is not None:
            rule = NAME if near[0] >= least else ""
            value = f"{near[0]:.2f}: {texts[near[2]].text}"
            found[row] = Finding(measure=near[0], value=value, rule=rule)
    return found


def _alike(one: Written, other: Written) -> float:
    if (one.task, one.language) != (other.task, other.language):
        return 0.0
    return alike(*(all_stems(f"{each.text} {each.answer}") for each in (one, other)))


def _key(pair_id: str, written: Written) -> tuple[str, ...]:
    return (order_key(0, "twins", pair_id, written.text), written.answer, written.task,
            written.language, written.kind)  # fmt: skip


def twins_gate(least: float) -> Gate:
    """Return the gate over near-duplicates within a pair."""

    def weigh(description: Description, texts: Sequence[Written]) -> list[Finding]:
        return weigh_twins(description.pair.pair_id, texts, least)

    return Gate(name=NAME, threshold=least, edges=even_edges(0, 1), weigh=weigh)
