"""Flat drawing, outlined cartoon and pixel art: even colours. Knows layers; knows no objects."""

import numpy as np

from services.standalone.sample.arrays import Picture
from services.standalone.sample.colours import mix, rgb
from services.standalone.sample.styles.layers import Layers, borders, shifted, thicken


def flat(layers: Layers) -> Picture:
    """Plain areas; a thin darker rim keeps a pale thing apart from a pale ground."""
    picture = layers.over_ground()
    rim = borders(layers.label)[..., None]
    return np.where(rim, picture * np.float32(0.84), picture)


def cartoon(layers: Layers) -> Picture:
    """Thick black outlines, a bright edge towards the light and a shaded one away from it."""
    thing = layers.things
    side = thing.shape[0]
    reach = side // 48
    lit, shaded = (thing != shifted(thing, s * reach, s * reach) for s in (-1, 1))
    picture = layers.over_ground()
    inside = thing > 0
    picture = np.where((inside & shaded)[..., None], picture * np.float32(0.74), picture)
    picture = np.where(
        (inside & lit & ~shaded)[..., None], mix(picture, rgb(0xFFFFFF), 0.45), picture
    )
    outer = thicken(borders(thing), side // (96 if layers.is_single else 150))
    inner = thicken(borders(layers.label), int(layers.is_single))
    return np.where((outer | inner)[..., None], rgb(0x17151C), picture)


def pixels(layers: Layers) -> Picture:
    """Drawn on a coarse grid: a dark rim around each thing."""
    thing = layers.things
    picture = layers.over_ground()
    rim = (thing > 0) & ((shifted(thing, 1, 0) < thing) | (shifted(thing, 0, 1) < thing))
    rim |= (thing > 0) & ((shifted(thing, -1, 0) < thing) | (shifted(thing, 0, -1) < thing))
    return np.where(rim[..., None], picture * np.float32(0.45), picture)
