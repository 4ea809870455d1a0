"""Say what can be seen in a picture, as seven attributes. Knows values; knows no drawing."""

from dataclasses import dataclass, fields

Values = tuple[str, ...]

COLOURS: Values = ("black", "blue", "brown", "green", "grey", "orange")
COLOURS += ("pink", "purple", "red", "turquoise", "white", "yellow")
TEXTURES = ("plain", "striped", "dotted", "chequered", "gradient", "hatched", "zigzag")
COUNTS = ("one", "two", "three", "four", "five")
STYLES: Values = ("flat drawing", "outlined cartoon", "watercolour", "pencil sketch")
STYLES += ("pixel art", "neon sign", "paper cut-out")
ARRANGEMENTS: Values = ("alone", "in a row", "stacked", "diagonal", "scattered", "in a circle")
BACKGROUNDS: Values = ("blue backdrop", "pink backdrop", "green backdrop", "cream backdrop")
BACKGROUNDS += ("sunset sky", "starry night", "grid paper", "wooden planks", "brick wall")
BACKGROUNDS += ("green meadow", "sandy beach")

# How many things show the arrangement: any two lie in a row and any three on a circle; five in
# a row would be too small to tell what they are.
_SHOWS = {
    "alone": range(1, 2),
    "in a row": range(2, 5),
    "stacked": range(2, 5),
    "diagonal": range(2, 6),
    "scattered": range(3, 6),
    "in a circle": range(4, 6),
}

# A thing of the ground's own colour would hardly be seen.
_CLASHES = {
    "blue backdrop": {"blue", "turquoise"},
    "pink backdrop": {"pink"},
    "green backdrop": {"green", "turquoise"},
    "cream backdrop": {"white", "yellow"},
    "sunset sky": {"orange", "pink"},
    "starry night": {"black", "blue", "purple"},
    "grid paper": {"white"},
    "wooden planks": {"brown", "orange"},
    "brick wall": {"brown", "red", "orange"},
    "green meadow": {"green"},
    "sandy beach": {"yellow"},
}


@dataclass(frozen=True, kw_only=True)
class Look:
    """What a picture shows. Two pictures of one look differ only in pose and grain."""

    object: str
    colour: str
    texture: str
    count: str
    style: str
    arrangement: str
    background: str


ATTRIBUTES = tuple(field.name for field in fields(Look))


def value(look: Look, attribute: str) -> str:
    return str(getattr(look, attribute))


def is_drawable(look: Look) -> bool:
    """Whether a person could read every attribute of `look` off its picture."""
    if COUNTS.index(look.count) + 1 not in _SHOWS[look.arrangement]:
        return False
    is_black_light = look.style == "neon sign" and look.colour == "black"
    return look.colour not in _CLASHES[look.background] and not is_black_light


def differences(one: Look, other: Look) -> list[str]:
    return [name for name in ATTRIBUTES if value(one, name) != value(other, name)]
