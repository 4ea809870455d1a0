"""Lay patterns over a surface. Knows positions on the surface; knows no colour or shape."""

from collections.abc import Callable, Mapping

import numpy as np

from services.standalone.sample.arrays import Values

_PERIOD = 0.2  # of the surface's longer side: still six pixels on the smallest thing


def pattern(texture: str, x: Values, y: Values, drop: Values) -> Values:
    """How far each pixel goes to the pale tone (1) or the deep one (−1).

    `x` and `y` run over the surface, its longer side being 1; `drop` is 0 at its top, 1 below.
    """
    return drop * -2 + 1 if texture == "gradient" else _PATTERNS[texture](x, y)


def _plain(x: Values, y: Values) -> Values:
    return np.zeros_like(x)


def _striped(x: Values, y: Values) -> Values:
    return _band(x * 0.94 + y * 0.34, _PERIOD, 0.5)


def _dotted(x: Values, y: Values) -> Values:
    step = _PERIOD * 0.95
    row = np.floor(y / step)
    across = (x / step + row % 2 / 2) % 1 - 0.5
    down = y / step % 1 - 0.5
    return np.asarray(np.hypot(across, down) < 0.3, dtype=np.float32)


def _chequered(x: Values, y: Values) -> Values:
    squares = np.floor(x / _PERIOD * 1.5) + np.floor(y / _PERIOD * 1.5)
    return np.asarray(squares % 2, dtype=np.float32)


def _hatched(x: Values, y: Values) -> Values:
    one = _band(x + y, _PERIOD * 0.85, 0.22)
    return np.maximum(one, _band(x - y, _PERIOD * 0.85, 0.22))


def _zigzag(x: Values, y: Values) -> Values:
    tooth = np.abs(x / _PERIOD % 1 - 0.5) * _PERIOD
    return _band(y + tooth * 1.3, _PERIOD, 0.5)


def _band(position: Values, period: float, share: float) -> Values:
    return (position / np.float32(period) % 1 < share).astype(np.float32)


_PATTERNS: Mapping[str, Callable[[Values, Values], Values]] = {
    "plain": _plain,
    "striped": _striped,
    "dotted": _dotted,
    "chequered": _chequered,
    "hatched": _hatched,
    "zigzag": _zigzag,
}
