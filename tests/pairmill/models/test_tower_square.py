"""A picture of any shape comes whole into a white square, and looks as Pillow would make it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pairmill.models.tower_square import whole_in_white

SIDE = 56


def noise(width: int, height: int) -> Image.Image:
    drawn = np.random.default_rng(width * 1000 + height).integers(0, 256, (height, width, 3))
    return Image.fromarray(drawn.astype(np.uint8))


def by_pillow(image: Image.Image) -> Image.Image:
    scale = SIDE / max(image.size)
    width, height = (max(1, round(length * scale)) for length in image.size)
    square = Image.new("RGB", (SIDE, SIDE), "white")
    fitted = image.resize((width, height), Image.Resampling.BICUBIC)
    square.paste(fitted, ((SIDE - width) // 2, (SIDE - height) // 2))
    return square


@settings(max_examples=40)
@given(st.integers(1, 130), st.integers(1, 130))
def test_noise_comes_out_as_pillow_makes_it_but_for_rounding(width: int, height: int) -> None:
    image = noise(width, height)
    found = whole_in_white(image, SIDE).astype(int)
    wanted = np.asarray(by_pillow(image)).astype(int)
    assert np.abs(found - wanted).mean() <= 0.3
    assert np.quantile(np.abs(found - wanted), 0.95) <= 1  # one may cut an overshoot off


@pytest.mark.parametrize("size", [(1, 3000), (3000, 1), (1, 1), (2000, 1500)])
def test_an_extreme_shape_keeps_its_proportions(size: tuple[int, int]) -> None:
    found = whole_in_white(Image.new("RGB", size, "red"), SIDE)
    red = (found == (255, 0, 0)).all(axis=2)
    scale = SIDE / max(size)
    assert found.shape == (SIDE, SIDE, 3)
    assert red.any(axis=0).sum() == max(1, round(size[0] * scale))
    assert red.any(axis=1).sum() == max(1, round(size[1] * scale))
    assert (found[~red] == 255).all()


def test_the_picture_is_left_as_it_was() -> None:
    image = noise(SIDE, SIDE)
    before = image.tobytes()
    whole_in_white(image, SIDE)[:] = 0
    assert image.tobytes() == before
