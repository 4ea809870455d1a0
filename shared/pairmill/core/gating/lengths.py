"""Reject texts that are too short or too long. Knows words and characters; knows no meaning."""

import re
from dataclasses import dataclass

from pairmill.core.gating.findings import Finding, Gate, by_text, even_edges
from pairmill.core.records import Description

WORDS, CHARS = "length_words", "length_chars"
_HANGUL = re.compile(r"[가-힣]{3,}")


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Both ends are allowed."""

    least: int
    most: int


def count_words(text: str) -> int:
    """Return how many words a text has.

    Korean joins particles to their words, so a word of three or more syllables counts as two:
    "빨간색으로" says what "in red" does.
    """
    found = [word for word in text.split() if any(c.isalnum() for c in word)]
    return len(found) + sum(1 for word in found if _HANGUL.search(word))


def weigh_words(text: str, bounds: Bounds) -> Finding:
    """Return the finding: `too_few_words` or `too_many_words` outside the bounds."""
    return _weighed(count_words(text), bounds, "words")


def weigh_chars(text: str, bounds: Bounds) -> Finding:
    """Return the finding: `too_few_chars` or `too_many_chars` outside the bounds."""
    return _weighed(len(text.strip()), bounds, "chars")


def _weighed(count: int, bounds: Bounds, unit: str) -> Finding:
    rule = ""
    if not bounds.least <= count <= bounds.most:
        rule = f"too_{'few' if count < bounds.least else 'many'}_{unit}"
    return Finding(measure=count, value=f"{count} {unit}", rule=rule)


def words_gate(bounds: Bounds) -> Gate:
    """Return the gate over words; its threshold is the upper bound."""

    def find(_: Description, text: str) -> Finding:
        return weigh_words(text, bounds)

    return Gate(name=WORDS, threshold=bounds.most, edges=even_edges(0, 60), weigh=by_text(find))


def chars_gate(bounds: Bounds) -> Gate:
    """Return the gate over characters; its threshold is the upper bound."""

    def find(_: Description, text: str) -> Finding:
        return weigh_chars(text, bounds)

    return Gate(name=CHARS, threshold=bounds.most, edges=even_edges(0, 400), weigh=by_text(find))
