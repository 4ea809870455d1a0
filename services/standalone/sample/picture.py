"""Draw the picture of one look. Knows the parts of drawing; knows no files, keys or captions."""

from functools import cache

import numpy as np
from numpy.random import Generator
from PIL import Image

from services.standalone.sample.arrays import Picture
from services.standalone.sample.backgrounds import background
from services.standalone.sample.layout import arrange
from services.standalone.sample.looks import COUNTS, Look
from services.standalone.sample.objects import OBJECTS
from services.standalone.sample.raster import place, rasterise
from services.standalone.sample.shapes import Parts
from services.standalone.sample.styles import PICTURE_SIDE, STYLES
from services.standalone.sample.styles.layers import Layers
from services.standalone.sample.surface import paint


def draw_picture(look: Look, rng: Generator) -> Image.Image:
    """Everything the look leaves open (pose, place, grain) is drawn from `rng`."""
    style, parts = STYLES[look.style], _parts(look.object)
    cells = arrange(COUNTS.index(look.count) + 1, look.arrangement, rng)
    places = [place(parts, cell, style.side) for cell in cells]
    label_HW = rasterise(parts, places, style.side)
    layers = Layers(
        label=label_HW,
        paint=paint(parts, places, label_HW, colour=look.colour, texture=look.texture),
        ground=background(look.background, style.side, rng),
        rng=rng,
    )
    return _finish(style.render(layers))


@cache
def _parts(name: str) -> Parts:
    return OBJECTS[name]()


def _finish(picture: Picture) -> Image.Image:
    image = Image.fromarray((np.clip(picture, 0, 1) * 255).astype(np.uint8))
    if image.width > PICTURE_SIDE:
        return image.reduce(image.width // PICTURE_SIDE)
    return image.resize((PICTURE_SIDE, PICTURE_SIDE), Image.Resampling.NEAREST)
