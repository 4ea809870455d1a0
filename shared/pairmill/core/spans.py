"""Compare two phrases word by word and cut out what reads well of the words that differ.

Knows phrases; knows no image. "man mechanic" and "woman mechanic" differ in "woman", "department
store" and "convenience store" in "convenience store", since "convenience" alone says little.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import pairwise

from pairmill.core import wording
from pairmill.core.aspects import ACTION, COUNT, DETAIL, KIND_OF_WORD, PERSON, SUBJECT, Aspect
from pairmill.core.lexicon import DIRECTIONS, PEOPLE, PREPOSITIONS, WORN
from pairmill.core.wording import Words

Span = tuple[int, int, str]
"""First word, word after the last, kind."""


@dataclass
class Contrast:
    """What two texts share, and what only one of them says."""

    shared: list[Aspect] = field(default_factory=list)
    query: list[Aspect] = field(default_factory=list)
    target: list[Aspect] = field(default_factory=list)


def compare(query: Words, target: Words, kind: str, named: Mapping[str, Aspect]) -> Contrast:
    """Return how two phrases of one kind differ.

    named: aspects of the target by words that betray them: what its attributes already name.
    """
    blocks = SequenceMatcher(
        None, [w.key for w in query], [w.key for w in target], autojunk=False
    ).get_matching_blocks()
    kept_q = {b.a + i for b in blocks for i in range(b.size)}
    kept_t = {b.b + i for b in blocks for i in range(b.size)}
    if not any(target[i].says for i in kept_t):
        return Contrast(
            query=[Aspect(kind, wording.text_of(query))],
            target=_unnamed_whole(target, kind, named),
        )
    found = Contrast(shared=[Aspect(kind, _kept_text(target, kept_t))])
    for start, stop in _runs(query, kept_q):
        if wording.content(query[start:stop]):
            found.query.append(Aspect(kind, wording.text_of(query[start:stop])))
    for start, stop in _runs(target, kept_t):
        found.target.extend(_target_aspects(target, (start, stop), named))
    found.target = list(dict.fromkeys(found.target))
    return found


def _unnamed_whole(target: Words, kind: str, named: Mapping[str, Aspect]) -> list[Aspect]:
    """A phrase that shares nothing stays whole, unless attributes name every word of it."""
    hits = [named.get(key) for key in sorted(wording.content(target))]
    if hits and all(hits):
        return list(dict.fromkeys(hit for hit in hits if hit))
    return [Aspect(kind, wording.text_of(target))]


def _kept_text(target: Words, kept: set[int]) -> str:
    words = [word for i, word in enumerate(target) if i in kept]
    while words and not words[-1].says:
        words.pop()
    return wording.text_of(tuple(words))


def _runs(phrase: Words, kept: set[int]) -> list[tuple[int, int]]:
    """Return the longest stretches of words that are not kept."""
    runs: list[tuple[int, int]] = []
    for i in range(len(phrase)):
        if i in kept:
            continue
        if runs and runs[-1][1] == i:
            runs[-1] = (runs[-1][0], i + 1)
        else:
            runs.append((i, i + 1))
    return runs


def _target_aspects(
    target: Words, run: tuple[int, int], named: Mapping[str, Aspect]
) -> list[Aspect]:
    found: list[Aspect] = []
    cuts = [run[0]]
    for i in range(*run):
        if target[i].key in named:
            found.append(named[target[i].key])
            cuts += [i, i + 1]
        elif is_breaker(target, i):
            cuts.append(i)
    cuts.append(run[1])
    spans: list[Span] = []
    for start, stop in pairwise(cuts):
        says = wording.content(target[start:stop])
        if says and not says <= named.keys():
            spans.extend(_place(target, start, stop))
    return found + [
        Aspect(kind, wording.text_of(target[start:stop])) for start, stop, kind in _merge(spans)
    ]


def is_breaker(phrase: Words, i: int) -> bool:
    """Say whether a new phrase begins at word `i`: a preposition or a verb in -ing."""
    return phrase[i].key in PREPOSITIONS or wording.is_action(phrase, i)


def _place(target: Words, start: int, stop: int) -> list[Span]:
    """Return the spans that express the differing words [start, stop) in their phrase."""
    while not target[start].says and not is_breaker(target, start):
        start += 1
    while not target[stop - 1].says:
        stop -= 1
    first = max((i for i in range(start + 1) if is_breaker(target, i)), default=-1)
    end = next((i for i in range(stop, len(target)) if is_breaker(target, i)), len(target))
    if first >= 0:
        kind = ACTION if wording.is_action(target, first) else DETAIL
        return [(first, end, kind)]
    return _place_in_noun(target, (start, stop), end)


def _place_in_noun(target: Words, run: tuple[int, int], end: int) -> list[Span]:
    """Place a run of the first noun phrase, target[0:end], by what stands left and right of it."""
    start, stop = run
    kinds = [KIND_OF_WORD.get(word.key) for word in target[start:stop] if word.says]
    left = [w for w in target[:start] if w.says and w.key not in KIND_OF_WORD]
    right = any(word.says for word in target[stop:end])
    if left and left[-1].key in PEOPLE:  # "man *white hair*", "woman *bald*"
        if target[end - 1].key in WORN or (right and None not in kinds):
            return [(start, end, DETAIL)]
        return [(start, end, SUBJECT if right else kinds[-1] or SUBJECT)]  # "man *scientist*"
    if target[stop - 1].key in PEOPLE:
        return [(start, stop, PERSON)]
    if right and None not in kinds:
        return [(start, end, DETAIL)] if left else _adjectives(target, run, end)
    if right:
        return [(start, end, SUBJECT)]
    return [_at_end(target, start, stop)]


def _adjectives(target: Words, run: tuple[int, int], end: int) -> list[Span]:
    """Return one span for each kind of adjective; a number counts only before a plural."""
    spans: list[Span] = []
    for i in range(*run):
        kind = KIND_OF_WORD.get(target[i].key)
        is_many = kind == COUNT and target[i].key not in ("one", "single")
        if is_many and not wording.is_plural(target[end - 1]):
            return [(run[0], end, SUBJECT)]
        if kind and spans and spans[-1][2] == kind and spans[-1][1] == i:
            spans[-1] = (spans[-1][0], i + 1, kind)
        elif kind:
            spans.append((i, i + 1, kind))
    return spans


def _at_end(target: Words, start: int, stop: int) -> Span:
    """Place a run that ends its noun phrase; some words lean on the one before them."""
    before = target[start - 1] if start else None
    if before and target[start].key in DIRECTIONS:  # "thumbs *down*", "pointed *up*"
        return start - 1, stop, ACTION
    short = all(len(word.text) < 3 or word.text.isdecimal() for word in target[start:stop])
    if before and short:  # "keycap *3*"
        return 0, stop, SUBJECT
    if before and before.key in ("no", "not"):
        return start - 1, stop, SUBJECT
    return start, stop, SUBJECT


def _merge(spans: list[Span]) -> list[Span]:
    """Join spans that overlap; the kind of the wider one stays."""
    merged: list[Span] = []
    for start, stop, kind in sorted(spans, key=lambda span: (span[0], -span[1])):
        if merged and start < merged[-1][1]:
            before = merged[-1]
            merged[-1] = (before[0], max(stop, before[1]), before[2])
        else:
            merged.append((start, stop, kind))
    return merged
