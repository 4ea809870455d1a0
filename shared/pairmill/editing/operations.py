"""The list of operations: each one's values, functions and words. Knows no image's id.

A new operation is a function, its words, and a line here.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from pairmill.editing import colouring as ink
from pairmill.editing import drawing as manner
from pairmill.editing import framing as place
from pairmill.editing.names import COLOURS, GLASSES, GROUNDS, NUMBERS
from pairmill.editing.operation import Edit, Operation, Value, phrased
from pairmill.editing.phrasings import colour as colour_words
from pairmill.editing.phrasings import drawing as manner_words
from pairmill.editing.phrasings import frames
from pairmill.editing.phrasings import framing as place_words
from pairmill.editing.phrasings import light as light_words
from pairmill.editing.phrasings.frames import framed
from pairmill.editing.pixels import Colour, Pixels, stands_clear, stands_free

_SEPIA: Colour = (255, 214, 158)
_CORNERS = {"top left corner": (0.0, 0.0), "bottom right corner": (1.0, 1.0)}
_SIDES = {"left": (0.0, 0.5), "right": (1.0, 0.5), "top": (0.5, 0.0), "bottom": (0.5, 1.0)}


def _one(phrasings: tuple[str, ...], *variants: Edit) -> Value:
    return Value(variants=variants, phrasings=phrasings)


def _coloured(
    edit: Callable[..., Pixels], names: Iterable[str], templates: tuple[str, ...]
) -> dict[str, Value]:
    return {
        name: _one(phrased(templates, name), partial(edit, rgb=COLOURS[name])) for name in names
    }


def _placed() -> dict[str, Value]:
    spots = {**_SIDES, **_CORNERS}
    return {
        name: _one(
            phrased(place_words.PLACE, name),
            *(partial(place.place, at=at, scale=scale) for scale in (0.4, 0.5)),
        )
        for name, at in spots.items()
    }


def _parts() -> dict[str, Value]:
    sides: dict[str, place.Side] = {
        "left half": "left", "right half": "right", "upper half": "top", "lower half": "bottom",
    }  # fmt: skip
    return {
        name: _one(phrased(place_words.PART, name), partial(place.part, side=side))
        for name, side in sides.items()
    }


def _counts() -> dict[str, Value]:
    return {
        word: _one(phrased(place_words.COUNT, word), partial(place.copies, num=num))
        for word, num in NUMBERS.items()
    }


def _strengths(edit: Callable[..., Pixels], words: tuple[str, ...], *factors: float) -> Value:
    """One value whose strength is drawn: factors of the function's second parameter."""
    return _one(words, *(partial(_with, edit, factor) for factor in factors))


def _with(edit: Callable[..., Pixels], factor: float, pixels_HWC: Pixels) -> Pixels:
    return edit(pixels_HWC, factor)


_COLOUR: dict[str, Operation] = {
    "recolour": Operation(
        values=_coloured(ink.recolour, COLOURS, framed(colour_words.RECOLOUR, frames.RECOLOUR)),
        family=4, weight=6, fits=stands_free,
    ),
    "tint": Operation(values=_coloured(ink.tint, GLASSES, colour_words.TINT), family=2),
    "sepia": Operation(values={"sepia": _one(manner_words.SEPIA, partial(ink.tint, rgb=_SEPIA,
                                                                          strength=0.9))}),
    "light": Operation(values={
        "brighter": _strengths(ink.brighten, framed(light_words.BRIGHTER, frames.BRIGHTER),
                               1.6, 1.8, 2.1),
        "slightly brighter": _strengths(ink.brighten, framed((), frames.SLIGHTLY_BRIGHTER),
                                        1.2, 1.3),
        "slightly darker": _strengths(ink.brighten, framed((), frames.SLIGHTLY_DARKER),
                                      0.7, 0.8),
        "darker": _strengths(ink.brighten, framed(light_words.DARKER, frames.DARKER),
                             0.3, 0.4, 0.5),
    }, family=4, weight=4),
    "contrast": Operation(values={
        "more contrast": _strengths(ink.contrast, light_words.MORE_CONTRAST, 1.7, 2.2),
        "less contrast": _strengths(ink.contrast, light_words.LESS_CONTRAST, 0.3, 0.45),
    }, family=2),
    "greyscale": Operation(values={
        "black and white": _strengths(ink.saturate, colour_words.GREYSCALE, 0.0),
    }),
    "saturation": Operation(values={
        "more colourful": _strengths(ink.saturate, colour_words.VIVID, 1.9, 2.5),
        "faded": _strengths(ink.saturate, colour_words.FADED, 0.3),
    }, family=2),
    "warmth": Operation(values={
        "warmer": _strengths(ink.warm, light_words.WARMER, 0.4, 0.6),
        "colder": _strengths(ink.warm, light_words.COLDER, -0.4, -0.6),
    }, family=2),
    "negative": Operation(values={"negative": _one(colour_words.INVERT, ink.invert)}),
    "ground": Operation(
        values=_coloured(ink.change_ground, GROUNDS, colour_words.GROUND),
        family=2, weight=2, fits=stands_clear,
    ),
    "silhouette": Operation(
        values={"silhouette": _one(colour_words.SILHOUETTE, ink.silhouette)}, fits=stands_clear
    ),
    "frame": Operation(values=_coloured(place.frame, GROUNDS, colour_words.FRAME), family=2,
                       weight=0.5),
}  # fmt: skip

_FRAMING: dict[str, Operation] = {
    "zoom": Operation(values={
        "nearer": _strengths(place.zoom, framed(place_words.NEARER, frames.NEARER),
                             1.7, 2.1, 2.6),
        "slightly nearer": _strengths(place.zoom, framed((), frames.SLIGHTLY_NEARER), 1.2, 1.3),
        "slightly farther": _strengths(place.zoom, framed((), frames.SLIGHTLY_FARTHER),
                                       0.75, 0.85),
        "farther": _strengths(place.zoom, framed(place_words.FARTHER, frames.FARTHER),
                              0.35, 0.45, 0.6),
    }, family=4, weight=4),
    "part": Operation(values=_parts(), family=2),
    "mirror": Operation(values={"mirrored": _one(place_words.MIRRORED, place.flip)}),
    "turn": Operation(values={
        "upside down": _strengths(place.turn, place_words.UPSIDE_DOWN, 2),
        "left": _strengths(place.turn, place_words.QUARTER_LEFT, 1),
        "right": _strengths(place.turn, place_words.QUARTER_RIGHT, -1),
    }, family=2),
    "tilt": Operation(values={
        "left": _strengths(place.tilt, place_words.TILT_LEFT, 15, 25),
        "right": _strengths(place.tilt, place_words.TILT_RIGHT, -15, -25),
    }, family=2),
    "count": Operation(values=_counts(), family=2, weight=2),
    "place": Operation(values=_placed(), family=2),
    "stretch": Operation(values={
        "wider": _strengths(place.stretch, place_words.WIDER, 1.8, 2.2),
        "narrower": _strengths(place.stretch, place_words.NARROWER, 0.45, 0.55),
    }, family=2),
}  # fmt: skip

_DRAWING: dict[str, Operation] = {
    "blur": Operation(values={
        "blurred": _strengths(manner.blur, manner_words.BLURRED, 0.018, 0.028),
    }),
    "pixels": Operation(values={
        "pixelated": _strengths(manner.pixelate, manner_words.PIXELATED, 14, 20, 28),
    }),
    "lines": Operation(
        values={"line drawing": _strengths(
            manner.line_drawing, framed(manner_words.LINES, frames.LINES), 0.8, 1.2
        )},
        weight=4,
    ),
    "poster": Operation(
        values={"poster": _strengths(manner.poster, manner_words.POSTER, 3, 4)}
    ),
    "grain": Operation(
        values={"grainy": _strengths(manner.grain, manner_words.GRAINY, 20, 32)}
    ),
}  # fmt: skip

OPERATIONS: Mapping[str, Operation] = {**_COLOUR, **_FRAMING, **_DRAWING}
"""Every operation by name; its order is not drawn from, its names are."""
