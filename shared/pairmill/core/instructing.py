"""Turn a description into search instructions by rules. Knows phrases and ids; sees no image.

Good for: naming each difference in several wordings, in three forms, drawn by pair and seed. What
it cannot: choose what matters, or rephrase a value; it says what the description says.
"""

from collections.abc import Iterator
from itertools import zip_longest

import numpy as np

from pairmill.core import wording
from pairmill.core.aspects import (
    ARRANGEMENT,
    BACKGROUND,
    COUNT,
    DETAIL,
    PERSON,
    STYLE,
    SUBJECT,
    Aspect,
    parse_aspect,
)
from pairmill.core.errors import RejectError
from pairmill.core.frames import FORMS, FRAMES, IN_STYLE, LEADS, ORDER
from pairmill.core.ids import generator
from pairmill.core.lexicon import PREPOSITIONS, STYLE_HEADS
from pairmill.core.phrases import WORDINGS
from pairmill.core.records import Description

VARIETIES = 4
"""Sets of wordings that one difference is put in, drawn by pair id. Every distinct text costs a
pass of the text tower, so a corpus of n pairs must not need 3 n of them."""
LEADING = (SUBJECT, PERSON)
"""Kinds that stand first: all else modifies them."""


def write_instructions(
    description: Description, *, per_pair: int, max_chars: int, seed: int
) -> tuple[str, ...]:
    """Return `per_pair` instructions of different wording, in mixed forms.

    They name only what the target has: a wording that holds a word of the query's side is passed
    over. Raises RejectError: `nothing_to_name` where the target has nothing of its own; `too_long`,
    with the shortest length in characters, where too few are within `max_chars`;
    `too_few_wordings`, with their number, where too few do not leak.
    """
    aspects = [parse_aspect(phrase) for phrase in description.only_target]
    if not aspects:
        raise RejectError("nothing_to_name", "the target has nothing that the query lacks")
    variety = str(int(description.pair.pair_id[:8], 16) % VARIETIES)
    draw = generator(seed, "instruct", *description.only_target, variety)
    ordered = tuple(sorted(aspects, key=lambda aspect: ORDER.index(wording_of(aspect))))
    leaks = _leaks(description)
    found: dict[str, str] = {}
    too_long: list[int] = []
    for text in _drawn(ordered, _shares_style(description), draw):
        if leaks & wording.atoms(text):
            continue
        if len(text) > max_chars:
            too_long.append(len(text))
        else:
            found.setdefault(text.casefold(), text)
        if len(found) == per_pair:
            return tuple(found.values())
    if too_long:
        raise RejectError("too_long", min(too_long))
    raise RejectError("too_few_wordings", len(found))


def _leaks(description: Description) -> frozenset[str]:
    """Content words of the query's side that the target's does not share."""
    both = [
        frozenset().union(*(wording.atoms(parse_aspect(p).text) for p in phrases))
        for phrases in (description.only_query, description.only_target + description.shared)
    ]
    return both[0] - both[1]


def _shares_style(description: Description) -> bool:
    return any(parse_aspect(phrase).kind == STYLE for phrase in description.shared)


Choice = tuple[str, tuple[Aspect, ...]]
"""A template and the aspects that fill it."""


def _drawn(
    aspects: tuple[Aspect, ...], keeps_style: bool, draw: np.random.Generator
) -> Iterator[str]:
    """Yield wordings in a drawn order, the forms taking turns."""
    lines = []
    for form in draw.permutation(len(FORMS)):
        choices = _choices(aspects, FORMS[form], keeps_style)
        lines.append([choices[i] for i in draw.permutation(len(choices))])
    for turn in zip_longest(*lines):
        for choice in turn:
            if choice is not None:
                yield _fill(choice[0], choice[1], draw)


def _choices(aspects: tuple[Aspect, ...], form: str, keeps_style: bool) -> list[Choice]:
    """Return the templates of one form: a kind's own and the frames for modifiers of any kind."""
    lead = aspects[0].kind in LEADING
    frames = LEADS[form] if lead else FRAMES[form]
    if len(aspects) > 1:
        return [(f, aspects) for f in frames if not lead or f.rstrip("?").endswith("{m}")]
    own: tuple[str, ...] = getattr(WORDINGS[wording_of(aspects[0])], form)
    if aspects[0].kind == SUBJECT and keeps_style:
        own += IN_STYLE[form]
    return [(template, (aspects[0],)) for template in own + frames]


def wording_of(aspect: Aspect) -> str:
    """Return the name of the wording that puts an aspect."""
    phrase = wording.words(aspect.text)
    if aspect.kind in (DETAIL, BACKGROUND, ARRANGEMENT, STYLE):
        if phrase and phrase[0].key in PREPOSITIONS:
            return "placed"
        if aspect.kind == STYLE and not (phrase and wording.head(phrase).key in STYLE_HEADS):
            return "manner"
    if aspect.kind == COUNT and aspect.text.casefold() in ("one", "single"):
        return "single"
    return aspect.kind if aspect.kind in WORDINGS else "named"


def _fill(template: str, aspects: tuple[Aspect, ...], draw: np.random.Generator) -> str:
    if "{m}" not in template:
        return _say(template, aspects[0])
    said = [_modifier(aspect, draw) for aspect in aspects]
    text = said[0]
    for i, modifier in enumerate(said[1:]):
        joints = (" ", ", ") if not i and aspects[0].kind in LEADING else (", ", " and ")
        text += joints[int(draw.integers(2))] + modifier
    return template.format(m=text)


def _modifier(aspect: Aspect, draw: np.random.Generator) -> str:
    if aspect.kind in LEADING:
        return wording.with_article(aspect.text)
    templates = WORDINGS[wording_of(aspect)].modifiers
    return _say(templates[int(draw.integers(len(templates)))], aspect)


def _say(template: str, aspect: Aspect) -> str:
    value, name = aspect.text, aspect.kind
    if value.casefold().endswith(f" {name}"):  # "dark skin tone" of the attribute skin tone
        value = value[: -len(name) - 1]
    return template.format(
        v=value,
        n=name,
        a=wording.with_article(value),
        x=wording.with_article(f"{value} {name}"),
    )
