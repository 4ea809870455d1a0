"""Say in a sentence what a picture shows. Knows looks and words; knows no drawing."""

from numpy.random import Generator

from services.standalone.sample.looks import Look
from services.standalone.sample.seeds import pick
from services.standalone.sample.words import ARRANGED, TEXTURED, WHERE, plural, with_article

_TEMPLATES = (
    "{things} {arranged}, {style}, {where}",
    "{a_style} of {things} {arranged} {where}",
    "{things} {arranged} {where}, as {a_style}",
    "{things} {where}, {arranged}, {style}",
    "{where}, {things} {arranged}, {style}",
    "{style}: {things} {arranged} {where}",
)


def caption(look: Look, rng: Generator) -> str:
    """Every attribute of the look, in one of several wordings."""
    return pick(_TEMPLATES, rng).format(
        things=_things(look, rng),
        arranged=pick(ARRANGED[look.arrangement], rng),
        style=look.style,
        a_style=with_article(look.style),
        where=pick(WHERE[look.background], rng),
    )


def _things(look: Look, rng: Generator) -> str:
    """ "three red striped fish", "an apple in green with dots"."""
    before, after = TEXTURED[look.texture]
    noun = look.object if look.count == "one" else plural(look.object)
    order = (
        f"{look.colour} {before} {noun}",
        f"{before} {look.colour} {noun}",
        f"{look.colour} {noun} {after}",
        f"{noun} in {look.colour} {after}",
    )
    # "plain yellow clocks" is English, "yellow plain clocks" is not
    phrase = pick(order[1:] if look.texture == "plain" else order, rng)
    if look.count != "one":
        return f"{look.count} {phrase}"
    return pick((with_article(phrase), f"one {phrase}", f"a single {phrase}"), rng)
