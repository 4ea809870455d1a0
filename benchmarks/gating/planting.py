"""Write instructions whose faults are known: leaks of the source, whole targets, and clean ones.

Knows looks and wordings; knows no gate. What is planted is decided by looks alone, in wordings
that are drawn apart from those of the captions.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from numpy.random import Generator

from benchmarks.gating.corpus import SEED, Case, Corpus
from services.standalone.sample.captions import caption
from services.standalone.sample.families import with_value
from services.standalone.sample.instructions import instruction
from services.standalone.sample.looks import ATTRIBUTES, Look, value
from services.standalone.sample.seeds import generator, pick
from services.standalone.sample.words import ARRANGED, TEXTURED, WHERE, plural


@dataclass(frozen=True, kw_only=True)
class Planted:
    """A text for a case; form: what it is; fault: whether it has the fault that is sought."""

    case: Case
    text: str
    form: str
    fault: bool


INFLECTED = {
    "black": "blackish", "blue": "bluish", "brown": "brownish", "green": "greenish",
    "grey": "greyish", "orange": "orangish", "pink": "pinkish", "purple": "purplish",
    "red": "reddish", "turquoise": "turquoises", "white": "whitish", "yellow": "yellowish",
    "plain": "plainness", "striped": "stripy", "dotted": "dots", "chequered": "chequers",
    "gradient": "gradients", "hatched": "hatching", "zigzag": "zigzags",
    "two": "2", "three": "3", "four": "4", "five": "5",
    "flat drawing": "flatly drawn", "outlined cartoon": "cartoonish outlines",
    "watercolour": "watercolours", "pencil sketch": "sketched in pencil",
    "pixel art": "pixels", "neon sign": "neon signs", "paper cut-out": "cut out of papers",
    "alone": "alone", "in a row": "in rows", "stacked": "stacking", "diagonal": "diagonally",
    "scattered": "scattering", "in a circle": "circling",
    "blue backdrop": "bluish", "pink backdrop": "pinkish", "green backdrop": "greenish",
    "cream backdrop": "creamy", "sunset sky": "skies at sunset", "starry night": "stars",
    "grid paper": "gridded", "wooden planks": "wood", "brick wall": "bricks",
    "green meadow": "meadows", "sandy beach": "beaches of sand",
}  # fmt: skip
"""By value of an attribute, another form of one of its words."""

NEGATED = ("not {old} any more", "no longer {old}", "without being {old}", "never {old}",
           "anything but {old}")  # fmt: skip
TURNED = ("what was {old} should be otherwise: {new}", "instead of {old}, {new}",
          "where it is {old} here, {new}", "{new}, rather than {old}",
          "from {old} to this: {new}")  # fmt: skip
VERBATIM = ("it is {old} now; {new}", "{new}, not {old}", "change it from {old}: {new}",
            "{old} here, but {new}")  # fmt: skip
FRAMES = ("find a picture of {}", "show me {}", "{}", "is there one of {}?", "I want {} instead",
          "change it to {}")  # fmt: skip


def leaks(cases: list[Case], corpus: Corpus) -> list[Planted]:
    """Return one leak and one clean text a case; the forms take turns."""
    found = []
    for number, case in enumerate(cases):
        draw = generator(SEED, "leak", case.query.key, case.target.key)
        for fault, forms in ((True, LEAKS), (False, CLEAN)):
            form = tuple(forms)[number % len(forms)]
            text = forms[form](case, corpus, draw)
            found.append(Planted(case=case, text=text, form=form, fault=fault))
    return found


def _new(case: Case, draw: Generator) -> str:
    return instruction(case.task, case.target.look, draw)


def _old(case: Case, corpus: Corpus, draw: Generator, *, as_said: bool = False) -> str:
    """Return words for what the source has; as_said: those of its own caption, where they are."""
    old = value(case.query.look, case.task)
    wordings = {
        "texture": TEXTURED.get(old, ()), "arrangement": ARRANGED.get(old, ()),
        "background": WHERE.get(old, ()),
    }.get(case.task) or (old,)  # fmt: skip
    told = corpus.caption(case.query.key)
    same = tuple(words for words in wordings if words in told)
    return pick(same if as_said and same else tuple(wordings), draw)


def _verbatim(case: Case, corpus: Corpus, draw: Generator) -> str:
    old = _old(case, corpus, draw, as_said=True)
    return pick(VERBATIM, draw).format(old=old, new=_new(case, draw))


def _inflected(case: Case, corpus: Corpus, draw: Generator) -> str:
    old = INFLECTED[value(case.query.look, case.task)]
    return pick((*NEGATED, "less {old}"), draw).format(old=old) + f", {_new(case, draw)}"


def _turned(case: Case, corpus: Corpus, draw: Generator) -> str:
    return pick(TURNED, draw).format(old=_old(case, corpus, draw), new=_new(case, draw))


def _negated(case: Case, corpus: Corpus, draw: Generator) -> str:
    return pick(NEGATED, draw).format(old=_old(case, corpus, draw))


def _plain(case: Case, corpus: Corpus, draw: Generator) -> str:
    return _new(case, draw)


def _shared(case: Case, corpus: Corpus, draw: Generator) -> str:
    """Names what both show, which is no leak."""
    look = case.target.look
    thing = look.object if look.count == "one" else plural(look.object)
    named = thing if case.task == "colour" else f"{look.colour} {thing}"
    return f"the same {named}: {_new(case, draw)}"


def _whole(case: Case, corpus: Corpus, draw: Generator) -> str:
    return pick(FRAMES, draw).format(caption(case.target.look, draw))


Write = Callable[[Case, Corpus, Generator], str]
LEAKS: dict[str, Write] = {
    "verbatim": _verbatim, "inflected": _inflected, "turned": _turned, "negated": _negated,
}  # fmt: skip
CLEAN: dict[str, Write] = {
    "plain": _plain,
    "shared": _shared,
    "also_plain": _plain,
    "whole": _whole,
}


def answerables(cases: list[Case], corpus: Corpus, most: int) -> list[Planted]:
    """Return for a case a text that names the target, or all but one attribute, and a clean one.

    A text is answerable where no more than `most` pictures show all that it names. Texts that name
    much and yet fit more pictures are left out: what they are is a matter of taste.
    """
    found = []
    for number, case in enumerate(cases):
        draw = generator(SEED, "answerable", case.query.key, case.target.key)
        form = ("whole", "but_one")[number % 2]
        left_out = "" if form == "whole" else pick(("style", "background", "texture"), draw)
        if num_showing(corpus, case.target.look, left_out) <= most:
            text = pick(FRAMES, draw).format(_without(case.target.look, left_out, draw))
            found.append(Planted(case=case, text=text, form=form, fault=True))
        found.append(Planted(case=case, text=_new(case, draw), form="clean", fault=False))
    return found


def num_showing(corpus: Corpus, look: Look, left_out: str) -> int:
    """Return how many pictures of the gallery are of that look, whatever the attribute left out."""
    named = [name for name in ATTRIBUTES if name != left_out]
    wanted = [value(look, name) for name in named]
    return sum([value(e.look, name) for name in named] == wanted for e in corpus.entries)


def _without(look: Look, left_out: str, draw: Generator) -> str:
    """Return a caption of the look that is silent on one attribute."""
    told = caption(with_value(look, "texture", "plain") if left_out == "texture" else look, draw)
    if left_out == "texture":
        return re.sub(r"\bplain | with a plain surface", "", told)
    if left_out == "style":
        style = re.escape(look.style)
        told = re.sub(rf",? as (an? )?{style}|,? ?(an? )?{style}( of|:)?", "", told)
    if left_out == "background":
        told = re.sub(",? ?(" + "|".join(map(re.escape, WHERE[look.background])) + "),?", "", told)
    return told.strip(" ,:")
