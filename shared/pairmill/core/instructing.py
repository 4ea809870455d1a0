"""Turn a description into search instructions by rules. Knows phrases and ids; sees no image.

Good for: naming each difference in several wordings, in three forms, drawn by pair and seed. What it
cannot: choose what matters, or rephrase a value; it says what the description says of the target.
"""

from collections.abc import Iterator
from itertools import zip_longest

import numpy as np

from pairmill.core import wording
from pairmill.core.aspects import ALSO, COUNT, PERSON, STYLE, STYLE_HEADS, SUBJECT, Aspect
from pairmill.core.aspects import KIND_OF_WORD, parse_aspect
from pairmill.core.errors import RejectError
from pairmill.core.ids import generator
from pairmill.core.phrases import FORMS, FRAMES, IN_STYLE, LEADS, WORDINGS
from pairmill.core.records import Description

_JOINTS = (", ", " and ")


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
    draw = generator(seed, "instruct", description.pair.pair_id)
    leaks, shortest = _leaks(description), 0
    found: dict[str, str] = {}
    for text in _drawn(aspects, _shares_style(description), draw):
        if leaks & wording.keys_of(text):
            continue
        shortest = min(shortest or len(text), len(text))
        if len(text) <= max_chars:
            found.setdefault(text.casefold(), text)
        if len(found) == per_pair:
            return tuple(found.values())
    if shortest > max_chars or (shortest and len(found) == 0):
        raise RejectError("too_long", shortest)
    raise RejectError("too_few_wordings", len(found))


def _leaks(description: Description) -> frozenset[str]:
    """Content words of the query's side that the target's does not share."""
    both = [
        frozenset().union(*(wording.keys_of(parse_aspect(p).text) for p in phrases))
        for phrases in (description.only_query, description.only_target + description.shared)
    ]
    return both[0] - both[1]


def _shares_style(description: Description) -> bool:
    return any(parse_aspect(phrase).kind == STYLE for phrase in description.shared)


def _drawn(aspects: list[Aspect], keeps_style: bool, draw: np.random.Generator) -> Iterator[str]:
    """Yield wordings in a drawn order, the forms taking turns."""
    lines = []
    for form in draw.permutation(FORMS):
        choices = _choices(aspects, str(form), keeps_style)
        lines.append([choices[i] for i in draw.permutation(len(choices))])
    for turn in zip_longest(*lines):
        for template, parts in filter(None, turn):
            yield _fill(template, parts, draw)


Choice = tuple[str, tuple[Aspect, ...]]
"""A template, and the aspects that its {m} stands for; none where the template has its own."""


def _choices(aspects: list[Aspect], form: str, keeps_style: bool) -> list[Choice]:
    lead = next((a for a in aspects if a.kind in (SUBJECT, PERSON)), None)
    ordered = ((lead,) if lead else ()) + tuple(a for a in aspects if a is not lead)
    frames: tuple[str, ...] = LEADS[form] if lead else FRAMES[form]
    if lead and len(ordered) > 1:
        frames = tuple(frame for frame in frames if frame.rstrip("?").endswith("{m}"))
    if len(ordered) > 1:
        return [(frame, ordered) for frame in frames]
    own: tuple[str, ...] = getattr(WORDINGS[wording_of(aspects[0])], form)
    if lead and lead.kind == SUBJECT and keeps_style:
        own += IN_STYLE[form] * 2  # what is shared and known deserves to be said
    filled = tuple(_say(template, aspects[0]) for template in own)
    return [(text, ()) for text in filled] + [(frame, ordered) for frame in frames]
