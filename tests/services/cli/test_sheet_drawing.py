"""Contact sheets: what stands where, and that no input breaks or overflows them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from services.cli.drawing import SCALE, TONES, beside, grid, stack, tile, words
from services.cli.sheet import (
    STRIP_COLUMNS,
    TILE,
    Block,
    Card,
    Strip,
    before_after,
    draw_sheet,
    hit_card,
    query_card,
    reject_card,
    triplet_strip,
)

GREEN, BLUE = (
    Image.new("RGB", (1, 1), TONES[tone]).getpixel((0, 0)) for tone in ("right", "query")
)


def picture(colour: str = "#ff0000", size: tuple[int, int] = (40, 30)) -> Image.Image:
    return Image.new("RGB", size, colour)


def num_pixels(sheet: Image.Image, colour: object) -> int:
    return int((np.asarray(sheet) == np.array(colour)).all(-1).sum())


def middle(square: Image.Image) -> object:
    return square.getpixel((square.width // 2, square.height // 2))


def test_a_hit_that_should_be_found_is_framed_in_green() -> None:
    def block(right: bool) -> Block:
        return Block(strips=(Strip(cards=(hit_card(picture(), rank=1, score=0.5, right=right),)),))

    assert num_pixels(draw_sheet("t", [block(True)]), GREEN) > 1000
    assert num_pixels(draw_sheet("t", [block(False)]), GREEN) == 0


def test_the_query_is_framed_in_blue_and_the_target_in_green() -> None:
    strip = triplet_strip(Card(image=picture()), [Card(image=picture(), line="negative")])
    sheet = draw_sheet("t", [Block(query=query_card(picture()), text="in blue", strips=(strip,))])
    assert num_pixels(sheet, BLUE) > 1000
    assert num_pixels(sheet, GREEN) > 1000
    assert strip.cards[0].line == "target"


def test_a_tile_shows_the_whole_image_and_keeps_its_proportions() -> None:
    wide = tile(picture(size=(400, 100)), 100)
    red = np.argwhere((np.asarray(wide) == (255, 0, 0)).all(-1))
    height, width = red.max(0) - red.min(0) + 1
    assert width / height == pytest.approx(4, rel=0.05)
    assert width > 80 * SCALE


def test_a_transparent_image_stands_on_white() -> None:
    assert middle(tile(Image.new("RGBA", (9, 9), (255, 0, 0, 0)), 50)) == (255, 255, 255)
    assert middle(tile(Image.new("P", (9, 9), 0), 50)) is not None


def test_a_missing_image_leaves_a_tile_that_says_so() -> None:
    assert num_pixels(tile(None, 100), (255, 255, 255)) < num_pixels(
        tile(picture("#ffffff"), 100), (255, 255, 255)
    )
    draw_sheet("t", [Block(strips=(Strip(cards=(reject_card(None, rule="a_b", value="1"),)),))])


def test_more_hits_than_a_row_holds_go_on_beneath() -> None:
    def height(num: int) -> int:
        cards = tuple(hit_card(picture(), rank=n, score=0.1) for n in range(num))
        return draw_sheet("t", [Block(strips=(Strip(cards=cards),))]).height

    assert height(STRIP_COLUMNS) == height(1)
    assert height(STRIP_COLUMNS + 1) > height(STRIP_COLUMNS) + TILE * SCALE


def test_before_stands_above_after_with_the_rank_of_what_is_right() -> None:
    hits = [hit_card(picture(), rank=1, score=0.9)]
    block = before_after(query_card(picture()), "in blue", hits, hits, (1057, 1))
    assert [strip.label for strip in block.strips] == [
        "before training: right at rank 1,057", "after training: right at rank 1",
    ]  # fmt: skip


def test_what_does_not_fit_on_one_sheet_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    block = Block(strips=(Strip(cards=(Card(image=picture(), line="x"),)),))
    two, four = draw_sheet("t", [block] * 2), draw_sheet("t", [block] * 4)
    monkeypatch.setattr("services.cli.sheet.LONGEST", 2.5 * (TILE + 30))
    cut = draw_sheet("t", [block] * 4)
    assert two.height < cut.height < four.height


def test_a_sheet_of_nothing_says_so() -> None:
    assert draw_sheet("t", []).height > 100
    assert draw_sheet("t", [Block(strips=())]).height > 100


@settings(max_examples=40)
@given(st.text(max_size=120), st.integers(1, 5))
def test_no_text_is_wider_or_longer_than_its_room(text: str, most: int) -> None:
    block = words(text, 12, width=60, most=most)
    assert block.width == 60 * SCALE
    assert block.height <= most * round(12 * 1.32) * SCALE


def test_a_word_without_a_space_is_cut_and_a_long_text_ends_in_an_ellipsis() -> None:
    one = words("x" * 400, 12, width=80, most=3)
    assert one.height == 3 * round(12 * 1.32) * SCALE
    right_edge = np.asarray(one)[:, -1]
    assert (right_edge == 255).all()


def test_parts_stand_beside_and_beneath_one_another() -> None:
    parts = [picture(size=(10, 20)), picture(size=(30, 5)), picture(size=(1, 1))]
    assert beside(parts, 1).size == (41 + 2 * SCALE, 20)
    assert stack(parts, 1).size == (30, 26 + 2 * SCALE)
    assert grid(parts, 2, 0).size == (40, 21)
    assert beside([]).size == stack([]).size == (1, 1)


def test_equal_content_draws_equal_sheets() -> None:
    blocks = [Block(query=query_card(picture()), text="a", strips=())]
    assert draw_sheet("t", blocks).tobytes() == draw_sheet("t", blocks).tobytes()
