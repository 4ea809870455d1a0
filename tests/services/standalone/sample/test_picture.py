from dataclasses import replace

import numpy as np
import pytest

from services.standalone.sample.arrays import Labels, Picture
from services.standalone.sample.colours import INKS, rgb
from services.standalone.sample.layout import arrange
from services.standalone.sample.looks import (
    BACKGROUNDS,
    COUNTS,
    STYLES,
    TEXTURES,
    Look,
    is_drawable,
)
from services.standalone.sample.objects import OBJECTS
from services.standalone.sample.picture import draw_picture
from services.standalone.sample.raster import MAX_PARTS, place, rasterise
from services.standalone.sample.seeds import generator
from services.standalone.sample.shapes import Parts, Role

LOOK = Look(
    object="heart",
    colour="red",
    texture="plain",
    count="one",
    style="flat drawing",
    arrangement="alone",
    background="blue backdrop",
)
ARRANGED = [
    (arrangement, num_things)
    for arrangement in ("alone", "in a row", "stacked", "diagonal", "scattered", "in a circle")
    for num_things, count in enumerate(COUNTS, start=1)
    if is_drawable(replace(LOOK, arrangement=arrangement, count=count))
]


def drawn(look: Look) -> Picture:
    return np.asarray(draw_picture(look, generator("test")), dtype=np.float32) / 255


def labelled(parts: Parts, num_things: int, arrangement: str) -> Labels:
    cells = arrange(num_things, arrangement, generator(arrangement, num_things))
    return rasterise(parts, [place(parts, cell, 96) for cell in cells], 96)


@pytest.mark.parametrize("colour", INKS)
def test_the_middle_of_a_plain_heart_has_its_colour(colour: str) -> None:
    middle = drawn(replace(LOOK, colour=colour))[90:102, 90:102]
    assert np.abs(middle - rgb(INKS[colour])).max() < 0.01


@pytest.mark.parametrize(
    ("attribute", "values"), [("style", STYLES), ("texture", TEXTURES), ("background", BACKGROUNDS)]
)
def test_no_two_values_of_an_attribute_look_alike(attribute: str, values: tuple[str, ...]) -> None:
    pictures = [drawn(replace(LOOK, **{attribute: value})) for value in values]
    for i, one in enumerate(pictures):
        for other in pictures[:i]:
            assert np.abs(one - other).mean() > 0.01


@pytest.mark.parametrize(("arrangement", "num_things"), ARRANGED)
def test_all_things_lie_whole_within_the_picture(arrangement: str, num_things: int) -> None:
    for make in OBJECTS.values():
        label = labelled(make(), num_things, arrangement)
        assert not label[[0, -1]].any()
        assert not label[:, [0, -1]].any()
        areas = np.bincount(label[label > 0] // MAX_PARTS, minlength=num_things)
        assert len(areas) == num_things
        assert areas.min() > 0.75 * areas.max()


@pytest.mark.parametrize("name", OBJECTS)
def test_a_third_of_each_thing_bears_its_colour_and_texture(name: str) -> None:
    parts = OBJECTS[name]()
    assert len(parts) < MAX_PARTS
    label = labelled(parts, 1, "alone")
    coloured = [i + 1 for i, part in enumerate(parts) if part.role in (Role.BODY, Role.DEEP)]
    textured = [i + 1 for i, part in enumerate(parts) if part.role is Role.BODY]
    assert np.isin(label, coloured).sum() > 0.4 * (label > 0).sum()
    assert np.isin(label, textured).sum() > 0.3 * (label > 0).sum()
