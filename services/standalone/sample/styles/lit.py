"""Neon sign and paper cut-out: light and shadow. Knows layers; knows no objects."""

import numpy as np

from services.standalone.sample.arrays import Picture
from services.standalone.sample.colours import mix, rgb
from services.standalone.sample.noise import grain, smooth_noise
from services.standalone.sample.styles.blur import blurred, glowing
from services.standalone.sample.styles.layers import Layers, borders, shifted, thicken


def neon(layers: Layers) -> Picture:
    """Glowing tubes along every edge, at night: the ground stays, much darker."""
    side = layers.label.shape[0]
    inside = (layers.label > 0)[..., None]
    tubes = thicken(borders(layers.label), 2 if layers.is_single else 1)
    light = _spread(np.where(inside, _lamp(layers.paint), np.float32(0)), 2)
    light *= tubes[..., None]
    glow = glowing(light, side // 50) * np.float32(1.7)
    red, green, blue = np.split(layers.paint, 3, axis=-1)
    whiteness = np.minimum(np.minimum(red, green), blue)
    panes = layers.paint * (np.float32(0.2) + np.float32(0.5) * whiteness)
    dim = np.where(inside, panes, layers.ground * np.float32(0.28))
    return np.where(tubes[..., None], mix(light, rgb(0xFFFFFF), 0.4), np.minimum(dim + glow, 1))


def cut_out(layers: Layers) -> Picture:
    """Sheets of coloured paper, each with its fibres, a white cut edge and a shadow below."""
    label, rng = layers.label, layers.rng
    side = label.shape[0]
    fibres = smooth_noise(rng, label.shape, 3) * 0.035 + grain(rng, label.shape) * 0.03
    shade = np.zeros(label.shape, dtype=np.float32)
    for i in range(1, 8):
        reach = -round(i * side / 190)
        shade += shifted(label, reach, reach) > label
    near = blurred(np.minimum(shade / 7, 1), side / 190)
    edge = (label > shifted(label, -1, -1))[..., None]
    picture = layers.over_ground() * (1 + fibres - 0.62 * near)[..., None]
    return np.where(edge, mix(picture, rgb(0xFFFFFF), 0.5), picture)


def _lamp(paint: Picture) -> Picture:
    """Neon gas knows no dark colours: they are lifted, their hue kept."""
    red, green, blue = np.split(paint, 3, axis=-1)
    peak = np.maximum(np.maximum(red, green), blue)
    return paint * np.maximum(np.float32(1), np.float32(0.8) / np.maximum(peak, np.float32(0.3)))


def _spread(light: Picture, reach: int) -> Picture:
    """Let a thing's light reach a little over its rim, where half of the tube lies."""
    for down, across in ((0, reach), (0, -reach), (reach, 0), (-reach, 0)):
        light = np.maximum(light, np.roll(light, (down, across), (0, 1)))
    return light
