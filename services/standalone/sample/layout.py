"""Place things in the unit square. Knows counts and arrangements; knows no shapes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from services.standalone.sample.arrays import Points


@dataclass(frozen=True)
class Cell:
    """Where one thing goes: its centre, the room it has, and how far it leans."""

    cx: float
    cy: float
    width: float
    height: float
    lean_degrees: float
    is_mirrored: bool


# Irregular on purpose: no three in a line, no ring, one crowded side.
_SCATTERS = {
    3: ((0.25, 0.24), (0.73, 0.41), (0.34, 0.76)),
    4: ((0.22, 0.22), (0.60, 0.34), (0.27, 0.62), (0.76, 0.78)),
    5: ((0.20, 0.20), (0.53, 0.29), (0.83, 0.53), (0.30, 0.62), (0.58, 0.82)),
}


def arrange(num_things: int, arrangement: str, rng: Generator) -> list[Cell]:
    """Cells from the rear to the front, each a little off its place."""
    centres, (width, height), max_lean = _PLANS[arrangement](num_things, rng)
    wander = rng.uniform(-1, 1, centres.shape) * 0.012
    is_mirrored = bool(rng.random() < 0.5)
    scales = rng.uniform(0.93, 1.0, num_things)
    leans = rng.uniform(-max_lean, max_lean, num_things)
    return [
        Cell(float(x), float(y), width * float(s), height * float(s), float(a), is_mirrored)
        for (x, y), s, a in zip(centres + wander, scales, leans, strict=True)
    ]


Plan = tuple[Points, tuple[float, float], float]


def _alone(num_things: int, rng: Generator) -> Plan:
    return np.full((num_things, 2), 0.5) + rng.uniform(-0.03, 0.03, 2), (0.8, 0.8), 9.0


def _row(num_things: int, rng: Generator) -> Plan:
    step = 0.94 / num_things
    along = 0.03 + step * (np.arange(num_things) + 0.5)
    across = np.full(num_things, 0.5 + rng.uniform(-0.05, 0.05))
    return np.stack([along, across], 1), (step * 0.97, 0.56), 5.0


def _column(num_things: int, rng: Generator) -> Plan:
    centres, (step, width), lean = _row(num_things, rng)
    return centres[:, ::-1], (width, step), lean


def _diagonal(num_things: int, rng: Generator) -> Plan:
    room = {2: 0.46, 3: 0.36, 4: 0.3, 5: 0.25}[num_things]
    along = np.linspace(room / 2 + 0.02, 0.98 - room / 2, num_things)
    is_rising = rng.random() < 0.5
    return np.stack([along, along[::-1] if is_rising else along], 1), (room, room), 6.0


def _ring(num_things: int, rng: Generator) -> Plan:
    room = {4: 0.34, 5: 0.31}[num_things]
    turns = np.arange(num_things) * 360 / num_things - 90 + rng.uniform(-8, 8)
    ring = np.stack([np.cos(np.radians(turns)), np.sin(np.radians(turns))], 1)
    return 0.5 + (0.48 - room / 2) * ring, (room, room), 6.0


def _scatter(num_things: int, rng: Generator) -> Plan:
    room = {3: 0.38, 4: 0.34, 5: 0.29}[num_things]
    centres = np.array(_SCATTERS[num_things])
    if rng.random() < 0.5:
        centres = centres * (-1, 1) + (1, 0)
    if rng.random() < 0.5:
        centres = centres[:, ::-1]
    return centres + rng.uniform(-0.03, 0.03, centres.shape), (room, room), 28.0


_PLANS: Mapping[str, Callable[[int, Generator], Plan]] = {
    "alone": _alone,
    "in a row": _row,
    "stacked": _column,
    "diagonal": _diagonal,
    "scattered": _scatter,
    "in a circle": _ring,
}
