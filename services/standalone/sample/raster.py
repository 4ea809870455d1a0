"""Turn shapes into a map of labels. Knows parts and places; knows no colour or style."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from services.standalone.sample.arrays import Labels, Points
from services.standalone.sample.layout import Cell
from services.standalone.sample.shapes import Part, Parts, extent

MAX_PARTS = 32  # labels of one thing; five things then fit a byte
_MARGIN = 0.015  # of the side, so that a rim or a tube of light is not cut


@dataclass(frozen=True)
class Place:
    """The affine map of one thing, from its unit square to pixels: p @ turn + shift."""

    turn: Points
    shift: Points

    def there(self, points: Points) -> Points:
        return np.asarray(points @ self.turn + self.shift)

    def back(self, pixels: Points) -> Points:
        return np.asarray((pixels - self.shift) @ np.linalg.inv(self.turn))


def place(parts: Parts, cell: Cell, side: int) -> Place:
    """Fit the thing into its cell, whatever its own proportions, and keep it in the picture."""
    left, top, right, bottom = extent(parts)
    size = np.array([right - left, bottom - top])
    scale = side * min(cell.width / size[0], cell.height / size[1])
    a = np.radians(cell.lean_degrees)
    turn = scale * np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]])
    if cell.is_mirrored:
        turn = np.array([[-1.0, 0.0], [0.0, 1.0]]) @ turn
    reach = size / 2 @ np.abs(turn) + side * _MARGIN
    centre = np.clip(side * np.array([cell.cx, cell.cy]), reach, side - reach)
    return Place(turn, centre - (left, top) @ turn - size / 2 @ turn)


def rasterise(parts: Parts, places: Sequence[Place], side: int) -> Labels:
    assert len(parts) < MAX_PARTS
    image = Image.new("L", (side, side))
    draw = ImageDraw.Draw(image)
    for i, thing in enumerate(places):
        for j, part in enumerate(parts):
            _draw_part(draw, part, thing, i * MAX_PARTS + j + 1)
    return np.asarray(image)


def _draw_part(draw: ImageDraw.ImageDraw, part: Part, thing: Place, label: int) -> None:
    for outline in part.outlines:
        draw.polygon(thing.there(outline).ravel().tolist(), fill=label)
    width = part.width * float(np.sqrt(abs(np.linalg.det(thing.turn))))
    for path in part.paths:
        spots = thing.there(path)
        draw.line(spots.ravel().tolist(), fill=label, width=max(1, round(width)), joint="curve")
        for x, y in spots[[0, -1]] if width > 2 else ():
            r = width / 2
            draw.ellipse((x - r, y - r, x + r, y + r), fill=label)
