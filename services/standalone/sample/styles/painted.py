"""Watercolour and pencil sketch: colour on paper. Knows layers; knows no objects."""

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from services.standalone.sample.arrays import Field, Labels, Picture
from services.standalone.sample.colours import mix, rgb
from services.standalone.sample.noise import grain, smooth_noise
from services.standalone.sample.styles.blur import blurred
from services.standalone.sample.styles.layers import Layers, borders, thicken

_PAPER = rgb(0xFCFAF3)


def watercolour(layers: Layers) -> Picture:
    """Wavering edges, pigment gathered at the rims and pooled in clouds, paper shining through."""
    side = layers.label.shape[0]
    rng, shape = layers.rng, (side, side)
    label, paint = _drawn_with(layers, _waver(layers, 0.009 * side, side / 16))
    wet = label > 0
    pools = smooth_noise(rng, shape, side / 9) * 0.5 + smooth_noise(rng, shape, side / 30) * 0.3
    rims = np.clip(blurred(borders(label).astype(np.float32), side // 100) * 2.2, 0, 1)
    strength = np.where(wet, 0.72 + 0.2 * pools + 0.3 * rims, 0.52 + 0.18 * pools)
    strength = strength + 0.045 * grain(rng, shape)
    gap = thicken(borders(wet.view(np.uint8)), 1)
    strength = np.where(gap, strength * 0.35, strength)
    colour = np.where(wet[..., None], paint * (1 - 0.4 * rims)[..., None], layers.ground)
    return mix(_PAPER, colour, np.clip(strength, 0, 1.15)[..., None])


def pencil(layers: Layers) -> Picture:
    """Two shaky graphite outlines over strokes of coloured pencil that leave paper between."""
    side, rng = layers.label.shape[0], layers.rng
    label, paint = _drawn_with(layers, _waver(layers, 0.004 * side, side / 12))
    again = layers.label.take(_waver(layers, 0.008 * side, side / 9))
    inside = label > 0
    strokes = _strokes(rng, side)
    cover = np.where(inside, 0.3 + 0.75 * strokes, 0.45 * strokes[:, ::-1] - 0.02)
    cover += 0.12 * grain(rng, label.shape)
    colour = np.where(inside[..., None], paint, layers.ground)
    picture = mix(_PAPER, colour, np.clip(cover, 0, 1)[..., None])
    return mix(picture, rgb(0x303036), _graphite(label, again)[..., None])


def _strokes(rng: Generator, side: int) -> Field:
    """Slanting strokes of a soft pencil: 1 where it pressed hardest, 0 on bare paper."""
    down, across = (axis.astype(np.float32) / side for axis in np.ogrid[0:side, 0:side])
    bend = smooth_noise(rng, (side, side), side / 6) * np.float32(0.012)
    profile = rng.random(260, dtype=np.float32)  # one pressure per stroke
    near = profile[((down * 0.8 + across * 0.6 + bend) * 130 + 10).astype(np.intp)]
    press = smooth_noise(rng, (side, side), side / 8) * np.float32(0.3)
    return np.clip(near + press, 0, 1)


def _graphite(label: Labels, again: Labels) -> Field:
    first, second = thicken(borders(label), 1), borders(again)
    return np.maximum(first * np.float32(0.72), second * np.float32(0.55))


def _waver(layers: Layers, reach: float, cell: float) -> NDArray[np.intp]:
    """Which pixel an unsteady hand would set at each place, up to `reach` pixels off."""
    side = layers.label.shape[0]
    down, across = np.ogrid[0:side, 0:side]
    y, x = (smooth_noise(layers.rng, (side, side), cell) * np.float32(reach) for _ in range(2))
    rows = np.clip(y + down, 0, side - 1).astype(np.intp)
    return np.asarray(rows * side + np.clip(x + across, 0, side - 1).astype(np.intp))


def _drawn_with(layers: Layers, at: NDArray[np.intp]) -> tuple[Labels, Picture]:
    return layers.label.take(at), layers.paint.reshape(-1, 3).take(at, axis=0)
