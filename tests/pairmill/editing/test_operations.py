"""The operations: pure, of known shape, and each doing what its name says."""

import re
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pairmill import editing
from pairmill.config.editing import OperationName
from pairmill.editing import COLOURS, OPERATIONS, Pixels

RESERVED = (
    "the same in", "the same picture, only much darker", "the same picture, only much brighter",
    "the same, seen from much nearer", "the same, seen from farther away",
    "the same as a pencil sketch in outline",
)  # fmt: skip
"""What the benchmarks ask with; nothing may be trained with it."""
RESERVED_COLOURS = ("crimson", "turquoise", "lavender", "olive", "gold")
RESERVED_PAIRS = ("light green", "deep blue", "pale purple", "bright yellow")
OTHER_SHAPE = {"part", "turn"}
VALUES = [(name, value) for name, found in OPERATIONS.items() for value in found.values]
PHRASINGS = [
    (f"{name}: {value}", text)
    for name, value in VALUES
    for text in OPERATIONS[name].values[value].phrasings
]


def thing(ground: int = 255, colour: tuple[int, int, int] = (40, 90, 200)) -> Pixels:
    """Return a disc with shading and a dark eye on a plain ground, (60, 80, 3)."""
    pixels = np.full((60, 80, 3), ground, np.uint8)
    down, across = np.mgrid[:60, :80]
    inside = (down - 30) ** 2 + (across - 36) ** 2 < 18**2
    shade = (0.6 + 0.4 * across / 80)[..., None]
    pixels[inside] = (np.array(colour) * shade)[inside].astype(np.uint8)
    pixels[26:30, 30:34] = 5
    return pixels


@pytest.mark.parametrize(("name", "value"), VALUES)
def test_every_value_gives_bytes_of_a_picture_and_changes_no_input(name: str, value: str) -> None:
    for pixels in (thing(), thing(ground=20)[:33, :]):
        before = pixels.copy()
        for variant in OPERATIONS[name].values[value].variants:
            edited = variant(pixels)
            assert edited.dtype == np.uint8
            assert edited.shape[2:] == (3,)
            assert name in OTHER_SHAPE or edited.shape == pixels.shape
            assert (variant(pixels) == edited).all()
        assert (pixels == before).all()


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_no_size_and_no_noise_breaks_an_operation(height: int, width: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)
    for operation in OPERATIONS.values():
        value = list(operation.values.values())[seed % len(operation.values)]
        assert value.variants[0](pixels).size > 0
        operation.fits(pixels)


def test_a_recoloured_thing_takes_the_colour_and_leaves_the_ground_and_the_eye() -> None:
    pixels = thing()
    edited = editing.recolour(pixels, (220, 40, 40))
    assert (edited[:5] == 255).all()
    body = edited[30, 40:50].astype(int)
    assert (body[:, 0] > 120).all()
    assert (body[:, 0] > body[:, 2] + 60).all()
    assert edited[28, 32].max() < 90
    assert body[0, 0] < body[-1, 0]  # lighter to the right, as before


def test_a_dark_thing_can_become_white_and_a_white_one_black() -> None:
    dark = editing.recolour(thing(colour=(20, 20, 24)), COLOURS["yellow"])
    assert dark[30, 45].astype(int).sum() > 330
    pale = editing.recolour(thing(ground=60, colour=(250, 250, 250)), COLOURS["black"])
    assert pale[30, 45].max() < 90


def test_cutting_out_leaves_the_thing_with_its_white_holes() -> None:
    pixels = thing()
    pixels[34:40, 34:40] = 255
    edited = editing.change_ground(pixels, (30, 160, 60))
    assert (edited[2, 2] == (30, 160, 60)).all()
    assert (edited[36:38, 36:38] == 255).all()
    assert np.abs(edited[30, 45].astype(int) - pixels[30, 45]).max() <= 2


def test_copies_are_as_many_as_asked() -> None:
    pixels = np.full((120, 120, 3), 255, np.uint8)
    pixels[30:90, 30:90] = (200, 30, 30)
    for num in (2, 3, 4, 5, 6, 7, 9):
        assert islands(editing.copies(pixels, num)[..., 1] < 128) == num


def islands(mask: NDArray[np.bool_]) -> int:
    """Return the number of connected areas, by filling one after the other."""
    left, found = {tuple(place) for place in np.argwhere(mask)}, 0
    while left:
        found += 1
        edge = [left.pop()]
        while edge:
            y, x = edge.pop()
            near = {(y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)} & left
            left -= near
            edge += near
    return found


def test_zoom_and_place_keep_the_frame_and_move_the_thing() -> None:
    pixels = thing()
    share = editing.pixels.thing_share
    assert share(editing.zoom(pixels, 0.5)) < 0.35 * share(pixels)
    assert share(editing.zoom(pixels, 1.5)) > 1.5 * share(pixels)
    left = editing.place(pixels, (0.0, 0.5), 0.4)
    assert (left[:, 40:] == 255).all()
    assert (left[:, :40] < 255).any()


def test_turning_and_flipping_back_gives_the_picture_again() -> None:
    pixels = thing()
    assert (editing.flip(editing.flip(pixels)) == pixels).all()
    assert (editing.turn(editing.turn(pixels, 1), 3) == pixels).all()
    assert (editing.invert(editing.invert(pixels)) == pixels).all()


def test_light_contrast_and_colour_move_the_way_that_their_words_say() -> None:
    pixels = thing()
    level, luma = pixels.astype(int), editing.pixels.luminance
    assert luma(editing.brighten(pixels, 0.5)).mean() < 0.6 * luma(pixels).mean()
    assert luma(editing.contrast(pixels, 0.4)).std() < 0.5 * luma(pixels).std()
    assert np.ptp(editing.saturate(pixels, 0).astype(int), axis=2).max() <= 1
    warm, cold = (editing.warm(pixels, amount).astype(int) for amount in (0.5, -0.5))
    assert (warm[..., 0] - warm[..., 2]).mean() > (level[..., 0] - level[..., 2]).mean() + 5
    assert (cold[..., 0] - cold[..., 2]).mean() < (level[..., 0] - level[..., 2]).mean() - 5


def test_a_line_drawing_is_mostly_white_with_dark_lines_at_the_edge() -> None:
    edited = editing.line_drawing(thing())
    assert (edited > 200).mean() > 0.7
    assert edited[30, 16:20].min() < 100  # where the disc begins
    assert edited[5:20, 60:].min() > 240


def test_a_cluttered_ground_or_a_picture_without_a_thing_allows_no_recolouring() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3)).astype(np.uint8)
    plain = np.full((40, 40, 3), 90, np.uint8)
    fits = OPERATIONS["recolour"].fits
    assert (fits(thing()), fits(noise), fits(plain)) == (True, False, False)


def test_the_run_file_names_every_operation() -> None:
    assert set(get_args(OperationName)) == set(OPERATIONS)


def test_every_value_is_asked_for_in_many_different_ways() -> None:
    for name, value in VALUES:
        phrasings = OPERATIONS[name].values[value].phrasings
        assert 9 <= len({text.casefold() for text in phrasings}) == len(phrasings) <= 120, name
        assert any(text.endswith("?") for text in phrasings), (name, value)


def test_no_phrasing_is_one_that_the_benchmarks_ask_with() -> None:
    for name, text in PHRASINGS:
        plain = re.sub(r"[^a-z ]", "", text.casefold())
        for reserved in RESERVED:
            words = re.sub(r"[^a-z ]", "", reserved)
            assert not plain.startswith(words), (name, text)
        assert not set(plain.split()) & {*RESERVED_COLOURS, "golden"}, (name, text)
        assert not any(pair in plain for pair in RESERVED_PAIRS), (name, text)
    assert not set(COLOURS) & {*RESERVED_COLOURS, *RESERVED_PAIRS}


def test_phrasings_are_sentences_without_gaps() -> None:
    for name, text in PHRASINGS:
        assert not re.search(r"[{}]|  |\ba [aeio]|\ban [^aeio]", text), (name, text)
