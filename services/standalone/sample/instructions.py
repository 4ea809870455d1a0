"""Word the step from a picture to its target. Knows the new value; never learns the old one."""

from numpy.random import Generator

from services.standalone.sample.looks import Look, value
from services.standalone.sample.seeds import pick
from services.standalone.sample.words import ARRANGED, TEXTURED, WHERE, with_article

# {it} is "it" or "them", {new} the new value, {adjective}, {phrase} and {a_new} its wordings
_TEMPLATES = {
    "colour": (
        "the same in {new}",
        "make {it} {new}",
        "in {new} instead",
        "change the colour to {new}",
        "turn {it} {new}",
        "as it is, but {new}",
    ),
    "count": (
        "make it {new} of them",
        "show {new} of them",
        "the same, but {new} of them",
        "{new} instead",
        "change the number to {new}",
    ),
    "texture": (
        "the same, but {adjective}",
        "make {it} {adjective}",
        "the same {phrase}",
        "{phrase} instead",
        "give me this {phrase}",
    ),
    "style": (
        "as {a_new}",
        "the same as {a_new}",
        "redraw {it} as {a_new}",
        "turn this into {a_new}",
        "show the same scene as {a_new}",
    ),
    "arrangement": (
        "the same, but {phrase}",
        "place them so that they are {phrase}",
        "now {phrase}",
        "I want them {phrase}",
    ),
    "background": (
        "the same {phrase}",
        "{phrase} instead",
        "put {it} {phrase}",
        "keep everything, but {phrase}",
        "show {it} {phrase}",
    ),
}

TASKS = tuple(_TEMPLATES)


def instruction(task: str, target: Look, rng: Generator) -> str:
    new = value(target, task)
    return pick(_TEMPLATES[task], rng).format(
        it="it" if target.count == "one" else "them",
        new=new,
        a_new=with_article(new),
        adjective=TEXTURED[target.texture][0],
        phrase=_phrase(task, new, rng),
    )


def _phrase(task: str, new: str, rng: Generator) -> str:
    if task == "texture":
        return TEXTURED[new][1]
    if task == "arrangement":
        return pick(ARRANGED[new], rng)
    return pick(WHERE[new], rng) if task == "background" else new
