"""An image is fitted as torchvision and transformers do it, and never blown up whole."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from torchvision.transforms import CenterCrop, InterpolationMode, Resize

from pairmill.models.tower_fit import LONGEST, Fit, middle_floored

SIDE = 24


def noise(width: int, height: int) -> Image.Image:
    rng = np.random.default_rng(width * 1000 + height)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), np.uint8))


def theirs(image: Image.Image, shortest: int) -> NDArray[np.uint8]:
    resized = Resize(shortest, InterpolationMode.BICUBIC)(image)
    return np.asarray(CenterCrop(SIDE)(resized))


@settings(max_examples=60)
@given(width=st.integers(1, 120), height=st.integers(1, 120), more=st.integers(0, 9))
def test_it_is_torchvisions_resize_and_crop_to_the_pixel(
    width: int, height: int, more: int
) -> None:
    if max(width, height) > LONGEST * min(width, height):
        return
    image = noise(width, height)
    got = Fit(side=SIDE, shortest=SIDE + more)(image)
    np.testing.assert_array_equal(got, theirs(image, SIDE + more))


@pytest.mark.parametrize("size", [(400, 31), (29, 300), (3, 90)])
def test_a_very_long_image_shows_the_same_middle(size: tuple[int, int]) -> None:
    smooth = noise(3, 3).resize(size, Image.Resampling.BILINEAR)
    got = Fit(side=SIDE, shortest=SIDE)(smooth).astype(int)
    assert np.abs(got - theirs(smooth, SIDE)).max() <= 2


def test_an_image_of_one_pixel_by_thousands_is_never_blown_up_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes, resize = [], Image.Image.resize

    def noted(image: Image.Image, size: tuple[int, int], *rest: Any) -> Image.Image:
        sizes.append(size)
        return resize(image, size, *rest)

    monkeypatch.setattr(Image.Image, "resize", noted)
    pixels = Fit(side=224, shortest=224)(Image.new("RGB", (1, 3000), "red"))
    assert sizes == [(224, 224)]
    assert (pixels == (255, 0, 0)).all()


def test_an_odd_rest_is_cut_as_each_library_cuts_it() -> None:
    columns = np.arange(27, dtype=np.uint8)[None, :, None].repeat(24, 0).repeat(3, 2)
    image = Image.fromarray(columns)
    assert Fit(side=24, shortest=24)(image)[0, 0, 0] == 2  # round(1.5)
    assert Fit(side=24, shortest=24, middle=middle_floored)(image)[0, 0, 0] == 1


def test_squashing_shows_the_whole_image() -> None:
    image = noise(40, 90)
    got = Fit(side=SIDE)(image)
    np.testing.assert_array_equal(
        got, np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    )
