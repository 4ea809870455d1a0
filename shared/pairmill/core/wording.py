"""Cut English captions into parts and words, and put articles before phrases. Knows no image.

Rules of thumb, not grammar: they hold for captions such as people write and break on verse.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from pairmill.core.lexicon import (
    ARTICLES,
    BRITISH,
    DETERMINERS,
    FUNCTION,
    MASS,
    NOT_ACTIONS,
    PLURALS,
    PREPOSITIONS,
    SINGULARS,
)

_NOISE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\"“”„«»\[\]{}<>*]+")
_BREAK = re.compile(
    r"[;|()\n\r•·]+|,(?!\d)|:(?=\s)|\s[-–—]+\s|(?<=\w{4})[.!?]+\s+(?=[A-Z])"
    r"|\s(?:and|but|while|as well as)\s(?=(?:an?|the|one|two|three|four|five|with|some)\s)"
)
_COPULA = re.compile(
    r"^\s*(?:there|this|it|here|that)(?:'s|\s+is|\s+are)\s+"
    r"|\b(?:is|are|was|were)\s+(?=\w{2,}ing\b|(?:on|in|at|with|under|near|behind|over)\s)",
    re.IGNORECASE,
)
_EDGES = ".,!?'’‘:;-–—_/\\&#~"


@dataclass(frozen=True, slots=True)
class Word:
    """A word as written, and the key under which its spellings and its plural are one."""

    text: str
    key: str

    @property
    def says(self) -> bool:
        """Whether it is a content word."""
        return self.key not in FUNCTION


Words = tuple[Word, ...]


def split_parts(caption: str) -> list[Words]:
    """Return the caption's parts as words: cut at commas, semicolons, sentence ends, and
    conjunctions that a new phrase follows; "there is" and the "is" of "is running" are dropped.
    Parts without a content word are left out."""
    pieces = _BREAK.split(_NOISE.sub(" ", _uncapitalised(caption)))
    parts = [words(_COPULA.sub("", piece)) for piece in pieces]
    return [part for part in parts if any(word.says for word in part)]


def _uncapitalised(caption: str) -> str:
    """Return a sentence without its capital: "Two dogs on a sofa." is no name."""
    first, space, rest = caption.strip().partition(" ")
    is_sentence = rest.endswith(".") or first.casefold() in DETERMINERS
    return first.lower() + space + rest if space and is_sentence and first.istitle() else caption


@lru_cache(maxsize=65536)
def words(text: str) -> Words:
    """Return the words of a phrase; marks around them are dropped."""
    stripped = (
        word.strip(_EDGES)
        for word in _NOISE.sub(" ", text.replace("(", " ").replace(")", " ")).split()
    )
    return tuple(Word(word, key(word)) for word in stripped if any(c.isalnum() for c in word))


@lru_cache(maxsize=65536)
def key(word: str) -> str:
    """Return the word in small letters, British, without plural or possessive ending."""
    small = word.casefold().replace("’", "'").removesuffix("'s")
    small = BRITISH.get(small, small)
    if len(small) < 4 or not small.endswith("s") or small.endswith(("ss", "us", "is")):
        return small
    if small in SINGULARS:
        return small
    if small.endswith("ies") and len(small) > 4:
        return small[:-3] + "y"
    return small[:-2] if small.endswith(("ches", "shes", "xes", "sses")) else small[:-1]


def content(phrase: Words) -> frozenset[str]:
    """Return the keys of the content words."""
    return frozenset(word.key for word in phrase if word.says)


@lru_cache(maxsize=65536)
def keys_of(text: str) -> frozenset[str]:
    """Return the keys of a text's content words."""
    return content(words(text))


@lru_cache(maxsize=65536)
def atoms(text: str) -> frozenset[str]:
    """Return the keys of content words, those within hyphened words too ("well-made": made)."""
    return frozenset(key(word) for word in re.findall(r"[^\W_]+", text)) - FUNCTION


def text_of(phrase: Words) -> str:
    """Return the phrase as text, without a leading article."""
    first = 1 if phrase and phrase[0].key in ARTICLES else 0
    return " ".join(word.text for word in phrase[first:])


def is_action(phrase: Words, i: int) -> bool:
    """Say whether word `i` is a verb in -ing that follows its noun ("man *running*")."""
    return i > 0 and ends_like_action(phrase[i]) and (
        phrase[i - 1].says and not ends_like_action(phrase[i - 1])
    )  # fmt: skip


def ends_like_action(word: Word) -> bool:
    """Say whether the word ends in -ing and is no known noun."""
    return len(word.key) > 4 and word.key.endswith("ing") and word.key not in NOT_ACTIONS


def head(phrase: Words) -> Word:
    """Return the noun that carries a phrase: the last word before "of", "with", a verb …"""
    for i, word in enumerate(phrase):
        if i and (word.key in FUNCTION - ARTICLES - {"and", "or"} or is_action(phrase, i)):
            return phrase[i - 1]
    return phrase[-1]


def is_plural(word: Word) -> bool:
    """Say whether a noun looks plural."""
    small = word.text.casefold()
    if small in PLURALS:
        return True
    return len(small) > 3 and small.endswith("s") and key(small) != small


@lru_cache(maxsize=65536)
def with_article(text: str) -> str:
    """Return a noun phrase with "a" or "an", or as it is where English wants none."""
    phrase = words(text)
    if not phrase or phrase[0].text.casefold() in DETERMINERS | PREPOSITIONS or _is_name(phrase):
        return text
    noun = head(phrase)
    if not text[0].isascii() or is_plural(noun) or noun.key in MASS:
        return text
    return f"{_article(phrase[0].text)} {text}"


def _is_name(phrase: Words) -> bool:
    big = [word.text[0].isupper() for word in phrase if word.says]
    return bool(big) and all(big) and not all(word.text.isupper() for word in phrase)


def _article(word: str) -> str:
    if word.isupper() and word.isalpha() and len(word) < 4 and word not in ("UP", "OK", "ID"):
        return "an" if word[0] in "AEFHILMNORSX" else "a"
    small = word.casefold()
    if small.startswith(("uni", "use", "usu", "eu", "one", "once", "uk")):
        return "a"
    if small.startswith(("hour", "honest", "heir", "8", "11", "18", "x-")):
        return "an"
    return "an" if small[0] in "aeiou" else "a"
