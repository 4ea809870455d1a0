"""Main colours: flat cloths on flat grounds, stripes, kin, and pictures of many colours."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pairmill.core.colours import REFERENCES, main_colours, to_lab

Pixels = NDArray[np.uint8]


def cloth(colour: str, ground: str = "ffffff", side: int = 40) -> Pixels:
    """Return a square of one colour on a ground of another."""
    picture = np.empty((side, side, 3), np.uint8)
    picture[:] = list(bytes.fromhex(ground))
    picture[side // 4 : -side // 4, side // 4 : -side // 4] = list(bytes.fromhex(colour))
    return picture


@pytest.mark.parametrize(
    ("colour", "name"),
    [("d01818", "red"), ("101830", "blue"), ("101010", "black"), ("f0e020", "yellow"),
     ("207030", "green"), ("704828", "brown"), ("f0a0b8", "pink"), ("602080", "purple"),
     ("f08018", "orange"), ("808082", "grey")],
)  # fmt: skip
def test_a_cloth_on_a_white_ground_is_named_and_the_ground_is_not(colour: str, name: str) -> None:
    assert main_colours(cloth(colour)) == (name,)


def test_a_white_cloth_on_red_is_white_also_in_a_dim_room() -> None:
    assert main_colours(cloth("f4f4f4", "a01018")) == ("white",)
    assert main_colours(cloth("c8c8c8", "800c12")) == ("white",)


def test_a_picture_without_a_thing_has_the_colour_of_its_ground() -> None:
    assert main_colours(np.full((9, 9, 3), (30, 140, 50), np.uint8)) == ("green",)


def test_two_colours_that_are_no_kin_are_both_named_the_larger_first() -> None:
    picture = cloth("d01818")
    picture[26:30, 10:30] = (20, 60, 200)
    assert main_colours(picture) == ("red",)
    picture[22:30, 10:30] = (20, 60, 200)
    assert main_colours(picture) == ("red", "blue")


def test_light_and_shade_of_one_cloth_are_one_colour() -> None:
    picture = cloth("5ab04a")
    picture[20:30, 10:30] = (12, 74, 30)
    assert main_colours(picture) == ("green",)
    shaded = cloth("3c82dc")
    shaded[20:29, 10:30] = (150, 150, 152)
    assert main_colours(shaded) == ("blue",)


def test_a_picture_of_many_colours_has_no_main_one() -> None:
    picture = cloth("d01818")
    for i, colour in enumerate(["1c3cc8", "f6e428", "1e8c32", "f08018"]):
        picture[14 + 4 * i : 18 + 4 * i, 10:30] = list(bytes.fromhex(colour))
    assert main_colours(picture) == ()


def test_lab_is_that_of_the_textbook() -> None:
    """White, black, red and mid grey of sRGB under D65, by Lindbloom's calculator."""
    found = to_lab(np.array([(255, 255, 255), (0, 0, 0), (255, 0, 0), (119, 119, 119)], np.uint8))
    wanted = [(100, 0, 0), (0, 0, 0), (53.24, 80.09, 67.20), (50.03, 0, 0)]
    np.testing.assert_allclose(found, wanted, atol=0.02)


@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(1, 12))
def test_any_picture_gives_at_most_two_names(seed: int, height: int, width: int) -> None:
    picture = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    found = main_colours(picture)
    assert len(found) <= 2
    assert set(found) <= set(REFERENCES)
    assert main_colours(picture) == found
