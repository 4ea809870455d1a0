"""Draw which edits an image gets, and make them. Knows ids and operations; knows no store.

Operations are drawn by image id, weighted. Each drawn one gives up to `family` values of itself,
but no more than half of what is wanted, so that an image has both: other values of one operation,
which are each other's hardest negatives, and other operations. Where that is not enough (few
operations were named), the same operations are asked again for values they have not given. Every
operation draws from a stream of its own, so that leaving one out changes no value of the others.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from pairmill.core.ids import generator
from pairmill.editing.operation import Operation, Value
from pairmill.editing.operations import OPERATIONS
from pairmill.editing.pixels import Pixels, resized, to_pixels

LONGEST = 512
"""Pixels of the longest side, at most: what a larger picture is reduced to before it is edited."""
PHRASINGS = 4
_LEAST = 4.0  # levels: two pictures whose mean difference is below this look the same


@dataclass(frozen=True, kw_only=True)
class Edited:
    """One edit of an image. operation, value: names of OPERATIONS. instructions: PHRASINGS or, of a
    value with fewer, all its phrasings."""

    operation: str
    value: str
    picture: Image.Image
    instructions: tuple[str, ...]


def edit_image(
    image: Image.Image, image_id: str, *, seed: int, operations: Sequence[str] = (), num: int
) -> list[Edited]:
    """Return up to `num` edits of an RGB image; seed and id alone decide which.

    operations: names of OPERATIONS; empty means all. There are fewer edits than `num` where the
    image allows no more: an edit that looks almost like the image, or like another edit of it, is
    not made. Raises ValueError for a name that is no operation.
    """
    chosen = _named(operations)
    pixels_HWC = to_pixels(_reduced(image))
    seen, made = [pixels_HWC], list[Edited]()
    for name, value, draw in _drawn(chosen, pixels_HWC, (image_id, seed), num):
        found = chosen[name].values[value]
        edited_HWC = _made(found, pixels_HWC, draw)
        if any(difference(edited_HWC, other_HWC) < _LEAST for other_HWC in seen):
            continue
        seen.append(edited_HWC)
        made.append(Edited(operation=name, value=value, picture=Image.fromarray(edited_HWC),
                           instructions=_said(found, draw)))  # fmt: skip
        if len(made) == num:
            break
    return made


def _named(operations: Sequence[str]) -> dict[str, Operation]:
    unknown = sorted(set(operations) - OPERATIONS.keys())
    if unknown:
        raise ValueError(f"no operations {unknown}; there are {', '.join(OPERATIONS)}")
    return {name: op for name, op in OPERATIONS.items() if not operations or name in operations}


def _reduced(image: Image.Image) -> Image.Image:
    if max(image.size) <= LONGEST:
        return image
    scale = LONGEST / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS)


def difference(one_HWC: Pixels, other_HWC: Pixels) -> float:
    """Return the mean difference of two pictures in levels; the second takes the first's size."""
    if one_HWC.shape != other_HWC.shape:
        other_HWC = resized(other_HWC, (one_HWC.shape[1], one_HWC.shape[0]))
    return float(np.abs(one_HWC.astype(np.int16) - other_HWC).mean())


Drawn = tuple[str, str, np.random.Generator]
"""An operation, a value of it, and the stream that draws the rest."""


def _drawn(
    chosen: dict[str, Operation], pixels_HWC: Pixels, key: tuple[str, int], num: int
) -> Iterator[Drawn]:
    """Yield operations in a drawn order with their next values, round after round."""
    streams = {name: generator(key[1], "edit", key[0], name) for name in chosen}
    order = sorted(chosen, key=lambda name: _waits(streams[name], chosen[name].weight))
    values = {name: _shuffled(chosen[name], streams[name]) for name in order}
    most = -(-num // 2)
    while any(values.values()):
        for name in order:
            take = min(chosen[name].family, most)
            now, values[name] = values[name][:take], values[name][take:]
            if now and not chosen[name].fits(pixels_HWC):
                values[name] = []
                continue
            for value in now:
                yield name, value, streams[name]


def _waits(draw: np.random.Generator, weight: float) -> float:
    """Return when an operation's turn comes: the heavier, the sooner (Efraimidis and Spirakis,
    2006, weighted sampling without replacement)."""
    return float(draw.exponential()) / weight


def _shuffled(operation: Operation, draw: np.random.Generator) -> list[str]:
    names = list(operation.values)
    return [names[i] for i in draw.permutation(len(names))]


def _made(value: Value, pixels_HWC: Pixels, draw: np.random.Generator) -> Pixels:
    return value.variants[int(draw.integers(len(value.variants)))](pixels_HWC)


def _said(value: Value, draw: np.random.Generator) -> tuple[str, ...]:
    drawn = draw.permutation(len(value.phrasings))[:PHRASINGS]
    return tuple(value.phrasings[i] for i in drawn)
