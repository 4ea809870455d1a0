"""Reject texts in another language than was asked for. Knows scripts and frequent words only.

English is told from Korean by its letters, and from other languages in Latin letters by a handful
of their most frequent words. A text of names and adjectives alone passes: nothing tells it apart.
"""

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from pairmill.core.gating.findings import Finding, Gate, even_edges, said
from pairmill.core.gating.stems import tokens
from pairmill.core.gating.words import FOREIGN, STOP_WORDS
from pairmill.core.records import Description
from pairmill.core.synthesis import Written

NAME = "language"
SCRIPTS = {"en": "LATIN", "ko": "HANGUL"}
LEAST_FOREIGN = 2
"""One foreign word may be a name."""


def weigh_language(text: str, language: str, least: float) -> Finding:
    """Return the finding; the measure is a share, 0 to 1.

    It is the lower of two: letters in the language's script among all letters, and, for English,
    English among all frequent words. Below `least` the text falls: `wrong_script`, or
    `wrong_language` where the words decide. A text without a letter has a share of 0.
    """
    script, words = share_in_script(text, language), 1.0
    if language == "en":
        words = share_of_english(text)
    measure = min(script, words)
    what = "letters in the script" if script <= words else "frequent words"
    rule = "wrong_script" if script <= words else "wrong_language"
    value = f"{language}: {measure:.2f} of its {what}"
    return Finding(measure=measure, value=value, rule=rule if measure < least else "")


def share_in_script(text: str, language: str) -> float:
    """Return the share of a text's letters that are of the language's script."""
    letters = [c for c in unicodedata.normalize("NFC", text) if c.isalpha()]
    wanted = sum(_script(c) == SCRIPTS[language] for c in letters)
    return wanted / len(letters) if letters else 0.0


def share_of_english(text: str) -> float:
    """Return the share of English among the frequent words of all languages, 1 where fewer than
    two are foreign."""
    found = tokens(text)
    foreign = sum(word in FOREIGN for word in found)
    english = sum(word in STOP_WORDS for word in found)
    return english / (english + foreign) if foreign >= LEAST_FOREIGN else 1.0


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0]


def language_gate(least: float) -> Gate:
    """Return the gate; each text is held to its own language."""

    def weigh(_: Description, texts: Sequence[Written]) -> list[Finding]:
        return [_worst(each, least) for each in texts]

    return Gate(name=NAME, threshold=least, edges=even_edges(0, 1), weigh=weigh)


def _worst(written: Written, least: float) -> Finding:
    found = [weigh_language(text, written.language, least) for text in said(written)]
    return min(found, key=lambda finding: finding.measure)
