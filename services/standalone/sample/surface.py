"""Colour and pattern the things on a label map. Knows parts and places; knows no light or style."""

from collections.abc import Sequence

import numpy as np

from services.standalone.sample.arrays import Labels, Picture, Values
from services.standalone.sample.colours import deep, mix, pale, palette
from services.standalone.sample.raster import MAX_PARTS, Place
from services.standalone.sample.shapes import Parts, Role, extent
from services.standalone.sample.textures import pattern


def paint(
    parts: Parts, places: Sequence[Place], label_HW: Labels, *, colour: str, texture: str
) -> Picture:
    """The colour of every pixel; that of the ground is never looked at."""
    role_HW = _roles(parts, len(places)).take(label_HW)
    paint_HW3 = palette(colour).take(role_HW, axis=0)
    if texture == "plain":
        return paint_HW3
    for i, thing in enumerate(places):
        ys, xs = np.nonzero((role_HW == Role.BODY) & (label_HW > 0) & (label_HW // MAX_PARTS == i))
        share = _pattern(texture, parts, thing.back(np.stack([xs, ys], 1) + 0.5))
        paint_HW3[ys, xs] = _toned(share, colour)
    return paint_HW3


def _roles(parts: Parts, num_things: int) -> Labels:
    """The role of each label."""
    table = np.zeros((num_things, MAX_PARTS), dtype=np.uint8)
    table[:, 1 : len(parts) + 1] = [part.role for part in parts]
    return table.reshape(-1)


def _pattern(texture: str, parts: Parts, spots: Values) -> Values:
    """The pattern lies on the part that bears it, so that a small part shows all of it too."""
    left, top, right, bottom = extent([part for part in parts if part.role is Role.BODY])
    long = max(right - left, bottom - top)
    x, y = ((spots - (left, top)) / long).astype(np.float32).T
    return pattern(texture, x, y, y * np.float32(long / (bottom - top)))


def _toned(share: Values, colour: str) -> Picture:
    """Towards the pale tone where `share` is above 0, towards the deep one below."""
    plain = palette(colour)[Role.BODY]
    other = np.where(share[:, None] > 0, pale(colour), deep(colour))
    return mix(plain, other, np.abs(share)[:, None])
