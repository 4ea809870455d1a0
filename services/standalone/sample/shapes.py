"""Build outlines and paths in a unit square, y downwards. Knows geometry; knows no pixel."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, auto

import numpy as np

from services.standalone.sample.arrays import Points

_STEPS = 8  # points per span of a smooth curve: facets stay below a pixel at 192 px


class Role(IntEnum):
    """What a part is coloured with. Only BODY bears the texture; BODY, DEEP and PALE follow
    the scene's colour, the others are what they are."""

    BODY = 0
    DEEP = auto()
    PALE = auto()
    INK = auto()
    WHITE = auto()
    GLASS = auto()
    WOOD = auto()
    LEAF = auto()
    GOLD = auto()
    CREAM = auto()
    ROSE = auto()


@dataclass(frozen=True)
class Part:
    """One layer of an object: filled outlines and thick paths that melt into one shape."""

    role: Role
    outlines: tuple[Points, ...] = ()
    paths: tuple[Points, ...] = ()
    width: float = 0.0


Parts = tuple[Part, ...]


def fill(role: Role, *outlines: Points) -> Part:
    return Part(role, outlines)


def line(role: Role, width: float, *paths: Points) -> Part:
    return Part(role, (), paths, width)


def dash(x0: float, y0: float, x1: float, y1: float) -> Points:
    return np.array([(x0, y0), (x1, y1)])


def poly(spots: str) -> Points:
    """Straight lines through spots written "x,y x,y …" in hundredths of the square."""
    return np.array([spot.split(",") for spot in spots.split()], dtype=np.float64) / 100


def mirrored(half: str) -> str:
    """`half` and then its mirror image backwards; spots on the middle line are not repeated."""
    pairs = [spot.split(",") for spot in reversed(half.split())]
    return " ".join([half, *(f"{100 - float(x):g},{y}" for x, y in pairs if float(x) != 50)])


def oval(cx: float, cy: float, rx: float, ry: float | None = None, turn: float = 0.0) -> Points:
    """A circle, or an ellipse turned clockwise by `turn` degrees."""
    return _around(cx, cy, (rx, rx if ry is None else ry), np.linspace(0, 360, 41)[:-1], turn)


def arc(cx: float, cy: float, r: float, start: float, stop: float) -> Points:
    """An open circular path from `start` to `stop` degrees, clockwise from the right."""
    return _around(cx, cy, (r, r), np.linspace(start, stop, 25), 0.0)


def box(x0: float, y0: float, x1: float, y1: float) -> Points:
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])


def soft_box(x0: float, y0: float, x1: float, y1: float, r: float) -> Points:
    """A box with corners rounded by radius `r`."""
    centres = box(x1 - r, y1 - r, x0 + r, y0 + r)
    return np.vstack([arc(x, y, r, 90 * i, 90 * i + 90)[::4] for i, (x, y) in enumerate(centres)])


def smooth(spots: str) -> Points:
    """A closed Catmull-Rom curve through `spots`."""
    p = poly(spots)
    return _spans(np.vstack([p[-1:], p, p[:2]]))


def curve(spots: str) -> Points:
    """An open Catmull-Rom curve through `spots`."""
    p = poly(spots)
    return np.vstack([_spans(np.vstack([p[:1], p, p[-1:]])), p[-1:]])


def star(cx: float, cy: float, outer: float, inner: float, num_tips: int = 5) -> Points:
    turns = np.arange(2 * num_tips) * 180.0 / num_tips - 90.0
    radii = np.where(np.arange(2 * num_tips) % 2 == 0, outer, inner)
    a = np.radians(turns)
    return np.stack([cx + radii * np.cos(a), cy + radii * np.sin(a)], 1)


def flip(points: Points) -> Points:
    """The mirror image, left for right."""
    return np.asarray(points * (-1.0, 1.0) + (1.0, 0.0))


def moved(points: Points, across: float, down: float) -> Points:
    return np.add(points, (across, down))


def extent(parts: Sequence[Part]) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of all parts."""
    spots = [(p, part.width / 2) for part in parts for p in part.outlines + part.paths]
    low = np.min([p.min(0) - r for p, r in spots], 0)
    high = np.max([p.max(0) + r for p, r in spots], 0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _around(
    cx: float, cy: float, radii: tuple[float, float], degrees: Points, turn: float
) -> Points:
    a, t = np.radians(degrees), np.radians(turn)
    x, y = radii[0] * np.cos(a), radii[1] * np.sin(a)
    return np.stack([cx + x * np.cos(t) - y * np.sin(t), cy + x * np.sin(t) + y * np.cos(t)], 1)


def _spans(padded: Points) -> Points:
    """Catmull-Rom spans between the inner points of `padded`, without the last end."""
    t = np.linspace(0, 1, _STEPS, endpoint=False)[:, None]
    a, b, c, d = (padded[i : len(padded) - 3 + i, None] for i in range(4))
    spans = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    return np.asarray(spans.reshape(-1, 2))
