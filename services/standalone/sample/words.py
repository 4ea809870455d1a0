"""Name things and attributes in English. Knows words; knows no templates or pictures."""

_PLURALS = {"butterfly": "butterflies", "cactus": "cacti", "fish": "fish", "leaf": "leaves"}

# Before the noun, and after it
TEXTURED = {
    "plain": ("plain", "with a plain surface"),
    "striped": ("striped", "with stripes"),
    "dotted": ("dotted", "with dots"),
    "chequered": ("chequered", "with a chequered pattern"),
    "gradient": ("gradient-shaded", "with a gradient"),
    "hatched": ("cross-hatched", "with a hatched pattern"),
    "zigzag": ("zigzag-patterned", "with a zigzag pattern"),
}

ARRANGED = {
    "alone": ("alone", "by itself", "on its own"),
    "in a row": ("in a row", "side by side in a row", "lined up in a row"),
    "stacked": ("stacked", "stacked on top of each other", "in a stack"),
    "diagonal": ("on a diagonal", "in a diagonal line", "lined up diagonally"),
    "scattered": ("scattered", "scattered about", "scattered here and there"),
    "in a circle": ("in a circle", "arranged in a circle", "forming a circle"),
}

WHERE = {
    "blue backdrop": ("on a blue backdrop", "against a blue backdrop"),
    "pink backdrop": ("on a pink backdrop", "against a pink backdrop"),
    "green backdrop": ("on a green backdrop", "against a green backdrop"),
    "cream backdrop": ("on a cream backdrop", "against a cream backdrop"),
    "sunset sky": ("against a sunset sky", "under a sunset sky"),
    "starry night": ("against a starry night sky", "on a starry night"),
    "grid paper": ("on grid paper", "on a sheet of grid paper"),
    "wooden planks": ("on wooden planks", "in front of wooden planks"),
    "brick wall": ("against a brick wall", "in front of a brick wall"),
    "green meadow": ("on a green meadow", "in a green meadow"),
    "sandy beach": ("on a sandy beach", "at a sandy beach"),
}


def plural(noun: str) -> str:
    return _PLURALS.get(noun, noun + "s")


def with_article(phrase: str) -> str:
    """ "a watercolour", "an owl"; pixel art is no single thing and takes none."""
    if phrase.startswith("pixel art"):
        return phrase
    return f"{'an' if phrase[0] in 'aeiou' else 'a'} {phrase}"
