"""Decide which scenes only the gallery shows. Knows objects and colours; knows no pictures.

A scene is an object in a colour. The gallery's objects are held out whole, in every colour; of
every other object three colours are held out. So nothing in the gallery was seen in the corpus,
though each texture, count, style, arrangement and background was.
"""

from services.standalone.sample.looks import COLOURS
from services.standalone.sample.objects import OBJECTS
from services.standalone.sample.seeds import digest

HELD_OUT_OBJECTS = ("bell", "guitar", "owl", "rocket", "shirt", "snail")
_NUM_HELD_OUT_COLOURS = 3  # a quarter; a query for another colour needs two at least

Scene = tuple[str, str]


def is_held_out(thing: str, colour: str) -> bool:
    if thing in HELD_OUT_OBJECTS:
        return True
    ranked = sorted(COLOURS, key=lambda name: digest("held out", thing, name))
    return colour in ranked[:_NUM_HELD_OUT_COLOURS]


def scenes(*, held_out: bool) -> list[Scene]:
    every = [(thing, colour) for thing in OBJECTS for colour in COLOURS]
    return [scene for scene in every if is_held_out(*scene) == held_out]
