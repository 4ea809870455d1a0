"""Read what is said of one image: its caption's parts, its attributes, how well both agree.

Knows one image record; knows no pair.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pairmill.core import wording
from pairmill.core.aspects import BACKGROUND, DETAIL, STYLE, SUBJECT, Fact, read_facts
from pairmill.core.lexicon import ARTICLES, DRAWN, GROUNDS, PICTURES, STYLE_HEADS
from pairmill.core.records import ImageRecord
from pairmill.core.wording import Words

MAX_PARTS, MAX_PART_WORDS = 12, 40
"""Parts and words beyond these are known, so that they do not leak, but not compared."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a caption; kind: subject, detail, style, background or an attribute's."""

    kind: str
    words: Words


@dataclass(frozen=True, kw_only=True)
class Portrait:
    """What is said of one image.

    parts: of the first caption. facts: attributes by name. tags: keywords, which only serve where
    nothing else differs. keys: content words of all captions and facts. explained: share of the
    first caption's content words that facts speak of, 1 without a caption.
    """

    parts: tuple[Part, ...]
    facts: Mapping[str, Fact]
    tags: tuple[str, ...]
    keys: frozenset[str]
    explained: float

    @property
    def is_silent(self) -> bool:
        """Whether nothing at all is said."""
        return not (self.parts or self.tags or self.facts)


def portray(image: ImageRecord) -> Portrait:
    """Return what an image's captions and attributes say."""
    facts, tags = read_facts(image.attributes)
    said = [wording.split_parts(caption.text) for caption in image.captions]
    parts = _name_parts(said[0][:MAX_PARTS] if said else [], facts.values())
    keys = [wording.content(phrase) for phrases in said for phrase in phrases]
    return Portrait(
        parts=parts,
        facts=facts,
        tags=tags,
        keys=frozenset().union(*keys, *(fact.keys for fact in facts.values())),
        explained=_explained(parts, facts.values()),
    )


def _name_parts(split: list[Words], facts: Iterable[Fact]) -> tuple[Part, ...]:
    parts: list[Part] = []
    for i, phrase in enumerate(_take_style_apart(split)):
        kind = _kind_of(phrase, facts)
        if kind == STYLE and not i and len(wording.content(phrase)) > 3:
            kind = ""  # "a boy with a long pencil sketch": a subject
        named = any(part.kind == SUBJECT for part in parts)
        kind = kind or (DETAIL if named else SUBJECT)
        cleaned = strip_drawn(phrase) if kind == STYLE else phrase
        parts.append(Part(kind, cleaned[:MAX_PART_WORDS]))
    if parts and not any(part.kind == SUBJECT for part in parts):
        parts[0] = Part(SUBJECT, parts[0].words)
    return tuple(parts)


def _take_style_apart(split: list[Words]) -> list[Words]:
    """Cut "a pencil sketch of a fox" in two; "a picture of" says nothing and goes."""
    if not split:
        return []
    first = split[0]
    for i, word in enumerate(first[:6]):
        if word.key in ("of", "showing") and 0 < i < len(first) - 1:
            style = [w for w in first[:i] if w.key not in ARTICLES]
            if not style or style[-1].key not in STYLE_HEADS | PICTURES:
                return split
            is_empty = len(style) == 1 and style[0].key in PICTURES
            return [first[i + 1 :], *([] if is_empty else [tuple(style)]), *split[1:]]
    return split


def _kind_of(phrase: Words, facts: Iterable[Fact]) -> str:
    """Name a part by the attribute that it spells out, or by its noun; "" if neither tells."""
    said = wording.content(phrase)
    for fact in facts:
        if fact.kind == SUBJECT:
            continue
        name = wording.keys_of(fact.name)
        both = fact.keys & said
        if (fact.keys and both == fact.keys and 2 * len(both) > len(said - name)) or (
            name and name <= said and len(said) <= 4
        ):
            return fact.kind
    if wording.head(strip_drawn(phrase)).key in STYLE_HEADS:
        return STYLE
    return BACKGROUND if GROUNDS & said and len(said) <= 4 else ""


def strip_drawn(phrase: Words) -> Words:
    """Return "drawn as a watercolour" as "watercolour"."""
    start = 0
    while start < len(phrase) - 1 and phrase[start].key in DRAWN | ARTICLES:
        start += 1
    return phrase[start:]


def _explained(parts: tuple[Part, ...], facts: Iterable[Fact]) -> float:
    known = [key for f in facts for key in f.keys | wording.keys_of(f.name)]
    kinds = {fact.kind for fact in facts} - {SUBJECT, DETAIL}
    words = [(part.kind, key) for part in parts for key in wording.content(part.words)]
    hits = sum(kind in kinds or any(_akin(key, other) for other in known) for kind, key in words)
    return hits / len(words) if words else 1.0


def _akin(one: str, other: str) -> bool:
    """Say whether two words share their stem, roughly: dots and dotted, diagonally and diagonal."""
    short, long = sorted((one, other), key=len)
    return one == other or (len(short) >= 3 and long.startswith(short))
