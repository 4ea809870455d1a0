"""Plan the pictures, as families around a base scene. Knows looks; knows no drawing or files."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count

from numpy.random import Generator

from services.standalone.sample.looks import (
    ARRANGEMENTS,
    BACKGROUNDS,
    COLOURS,
    COUNTS,
    STYLES,
    TEXTURES,
    Look,
    is_drawable,
    value,
)
from services.standalone.sample.scenes import Scene, is_held_out, scenes
from services.standalone.sample.seeds import digest, generator, pick

# What the members of a family may differ in, and the values that there are.
VALUES = {
    "colour": COLOURS,
    "count": COUNTS,
    "texture": TEXTURES,
    "style": STYLES,
    "arrangement": ARRANGEMENTS,
    "background": BACKGROUNDS,
}

_SINGLE_SHARE = 0.35  # families of a thing by itself
_COUSIN_SHARE = 0.4  # families with a member that differs in two attributes


@dataclass(frozen=True)
class Entry:
    """One picture to draw; `twin` tells pictures of one look apart."""

    key: str
    look: Look
    twin: int


def plan(seed: int, num_pictures: int, *, held_out: bool) -> list[Entry]:
    """The first `num_pictures` of an endless row: a larger sample holds every smaller one."""
    entries: dict[str, Entry] = {}
    name = "gallery" if held_out else "corpus"
    pool = scenes(held_out=held_out)
    order = generator(seed, name, "order").permutation(len(pool))  # each scene once, then again
    for i in count():
        for look, twin in _family(pool[order[i % len(pool)]], generator(seed, name, i)):
            entry = Entry(_key(seed, look, twin), look, twin)
            entries.setdefault(entry.key, entry)
            if len(entries) == num_pictures:
                return list(entries.values())
    raise AssertionError("count() never ends")


def _key(seed: int, look: Look, twin: int) -> str:
    """Readable, but without a word on what a search could ask for."""
    return f"{look.object.replace(' ', '-')}-{digest(seed, repr(look), twin)[:10]}"


def _family(scene: Scene, rng: Generator) -> Iterator[tuple[Look, int]]:
    base = _base(scene, rng)
    yield base, 0
    for attribute in VALUES:
        others = _variants(base, attribute)
        num_others = min(len(others), int(rng.integers(1, 3)))
        for i in rng.permutation(len(others))[:num_others]:
            yield others[i], 0
    yield base, 1
    if rng.random() < _COUSIN_SHARE:
        yield _cousin(base, rng), 0


def _base(scene: Scene, rng: Generator) -> Look:
    while True:
        is_single = rng.random() < _SINGLE_SHARE
        look = Look(
            object=scene[0],
            colour=scene[1],
            texture=pick(TEXTURES, rng),
            count="one" if is_single else pick(COUNTS[1:], rng),
            style=pick(STYLES, rng),
            arrangement="alone" if is_single else pick(ARRANGEMENTS[1:], rng),
            background=pick(BACKGROUNDS, rng),
        )
        if is_drawable(look):
            return look


def _variants(base: Look, attribute: str) -> list[Look]:
    """All looks that differ from `base` in `attribute` alone and lie on its side of the split."""
    side = is_held_out(base.object, base.colour)
    looks = [
        with_value(base, attribute, v) for v in VALUES[attribute] if v != value(base, attribute)
    ]
    return [
        look
        for look in looks
        if is_drawable(look) and is_held_out(look.object, look.colour) == side
    ]


def with_value(look: Look, attribute: str, new: str) -> Look:
    return replace(look, **{attribute: new})


def _cousin(base: Look, rng: Generator) -> Look:
    """Two steps away: a near miss for every search that starts at the base."""
    look = base
    for attribute in rng.permutation(["texture", "style", "background"])[:2]:
        others = _variants(look, str(attribute))
        look = others[int(rng.integers(len(others)))]
    return look
