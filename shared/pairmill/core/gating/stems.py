"""Bring words to stems, so that "striped", "stripes" and "stripy" are one. Knows no text's meaning.

English by light rules (plurals and spelling are those of `pairmill.core.wording`), Korean by its
particles alone. Two words that have nothing to do with one another may share a stem ("strip",
"stripe"): that is rarer in captions than the inflections that the rules catch.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from pairmill.core import wording
from pairmill.core.aspects import parse_aspect
from pairmill.core.gating.words import GENERIC
from pairmill.core.lexicon import FUNCTION, NUMBERS

_WORD = re.compile(r"[^\W_]+")
_HANGUL = re.compile(r"[가-힣]+")
_VOWEL = re.compile(r"[aeiouy]")

IRREGULAR = {
    "broken": "break", "brought": "bring", "built": "build", "cacti": "cactus",
    "children": "child", "drawn": "draw", "drew": "draw", "dying": "die", "feet": "foot",
    "fell": "fall", "fallen": "fall", "flew": "fly", "flown": "fly", "geese": "goose",
    "grew": "grow", "grown": "grow", "held": "hold", "hung": "hang", "knives": "knife",
    "laid": "lay", "leaves": "leaf", "lit": "light", "loaves": "loaf", "lying": "lie",
    "men": "man", "mice": "mouse", "people": "person", "ran": "run", "sang": "sing",
    "sat": "sit", "shelves": "shelf", "shown": "show", "slept": "sleep", "stood": "stand",
    "swam": "swim", "teeth": "tooth", "thrown": "throw", "tied": "tie", "tying": "tie",
    "wolves": "wolf", "women": "woman", "wore": "wear", "worn": "wear", "woven": "weave",
    "written": "write",
}  # fmt: skip

SUFFIXES = (
    "lessness", "ishness", "edness", "ingly", "less", "like", "ness", "edly", "ened", "ing", "ish",
    "ily", "ly", "ed", "en", "ey", "y",
)  # fmt: skip
"""The longest that leaves a word of three letters with a vowel is cut off. `-er` is not here: it
would make "flower" and "flow" one."""

AFTER_CONSONANT = ("en", "ey", "y")
"""So that "green" and "grey" are not one."""

PARTICLES = (
    "으로부터", "에서부터", "이라고", "에게서", "으로는", "에서는", "에서도", "으로도",
    "처럼", "보다", "까지", "부터", "에서", "에게", "으로", "이나", "이랑", "하고", "라고", "마다",
    "조차", "밖에", "만큼",
    "은", "는", "이", "가", "을", "를", "의", "에", "로", "와", "과", "도", "만", "랑",
)  # fmt: skip
"""Longest first; one is cut off where a syllable stays."""


def tokens(text: str) -> tuple[str, ...]:
    """Return the words of a text in small letters, in order; hyphens and apostrophes part them."""
    return tuple(_WORD.findall(text.casefold()))


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Return the stem of one word in small letters."""
    if _HANGUL.fullmatch(word):
        return _korean(word)
    if word.isdecimal() and word.isascii() and len(word) < 3 and int(word) < len(NUMBERS):
        return stem(NUMBERS[int(word)])
    single = wording.key(IRREGULAR.get(word, word))
    return _shortened(IRREGULAR.get(single, single))


@lru_cache(maxsize=65536)
def stems(text: str) -> frozenset[str]:
    """Return the stems of a text's content words."""
    return frozenset(stem(word) for word in tokens(text) if wording.key(word) not in FUNCTION)


def phrase_stems(phrases: Iterable[str]) -> frozenset[str]:
    """Return the stems of what a description's phrases say, without the names of their sides."""
    return frozenset().union(*(stems(parse_aspect(phrase).text) for phrase in phrases))


def _shortened(word: str) -> str:
    """Cut until nothing falls off: "darkened", "dark"."""
    for suffix in SUFFIXES:
        left = word.removesuffix(suffix)
        is_stem = left != word and len(left) > 2 and _VOWEL.search(left)
        if is_stem and not (suffix in AFTER_CONSONANT and left[-1] in "aeiou"):
            return _shortened(_plain_end(left))
    return _plain_end(word)


def _plain_end(word: str) -> str:
    """Drop a mute e, and one of two equal consonants: "dott" is of "dot", "pav" of "pave"."""
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiou":
        return word[:-1]
    if len(word) > 3 and word.endswith(("e", "i")):
        return word[:-1]
    return word


def _korean(word: str) -> str:
    for particle in PARTICLES:
        left = word.removesuffix(particle)
        if left != word and left:
            return left.removesuffix("색") or left
    return word.removesuffix("색") or word


GENERIC_STEMS = frozenset(map(stem, GENERIC))
"""Of words of asking."""


def content_words(text: str) -> list[str]:
    """Return the stems of a text's content words in order, without words of asking."""
    found = (stem(word) for word in tokens(text) if wording.key(word) not in FUNCTION)
    return [each for each in found if each not in GENERIC_STEMS]
