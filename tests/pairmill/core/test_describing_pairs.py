"""What the rules find alike and different in captions and attributes, by hand-made cases."""

import pytest

from pairmill.core.describing import describe_pair
from pairmill.core.errors import RejectError
from pairmill.core.ids import image_id, pair_id
from pairmill.core.portraits import portray
from pairmill.core.records import Caption, Description, ImageRecord, Pair

Attributes = dict[str, tuple[str, ...]]


def image(*captions: str, **attributes: tuple[str, ...]) -> ImageRecord:
    name = repr((captions, attributes))
    return ImageRecord(
        image_id=image_id(name.encode()),
        keys=(name,),
        captions=tuple(Caption(kind="table", text=text) for text in captions),
        attributes=attributes,
    )


def describe(query: ImageRecord, target: ImageRecord, max_differences: int = 4) -> Description:
    one, other = query.image_id, target.image_id
    pair = Pair(pair_id=pair_id(one, other), query_id=one, target_id=other,
                relations=(), negatives=(one,))  # fmt: skip
    return describe_pair(
        pair, portray(query), portray(target), max_differences=max_differences, author="test"
    )


def emoji(concept: str, tone: str, style: tuple[str, str]) -> ImageRecord:
    caption = ", ".join([concept, *([f"{tone} skin tone"] if tone else []), style[1]])
    tones = (tone,) if tone else ()
    return image(caption, concept=(concept,), name=(concept,), style=(style[0],), skin_tone=tones,
                 split=("train",), source=("Fluent Emoji",), license=("MIT",),
                 keywords=("a", "b", "c", "d", concept))  # fmt: skip


RENDER, LINES = ("3d", "3D render"), ("high-contrast", "black line drawing")
FLAT, GLOSSY = ("flat", "flat drawing"), ("color", "glossy colour drawing")


def test_what_is_shared_is_listed_with_its_kind() -> None:
    found = describe(image("man mechanic, 3D render"), image("woman mechanic, 3D render"))
    assert found.shared == ("style: 3D render", "subject: mechanic")
    assert found.only_query == ("subject: man",)
    assert found.text == (
        "Both show 3D render, mechanic. Only the query image: man. Only the target image: woman."
    )


@pytest.mark.parametrize(
    ("query", "target", "expected"),
    [
        (emoji("cook", "dark", FLAT), emoji("cook", "dark", LINES), ("style: black line drawing",)),
        (emoji("cook", "dark", FLAT), emoji("cook", "medium", FLAT), ("skin tone: medium",)),
        (emoji("cook", "", FLAT), emoji("cook", "light", GLOSSY),
         ("skin tone: light", "style: glossy colour drawing")),
        (emoji("man elf", "", RENDER), emoji("woman elf", "", RENDER), ("person: woman",)),
        (emoji("taco", "", RENDER), emoji("hot dog", "", RENDER), ("subject: hot dog",)),
    ],
)  # fmt: skip
def test_attributes_name_differences_and_captions_word_them(
    query: ImageRecord, target: ImageRecord, expected: tuple[str, ...]
) -> None:
    assert describe(query, target).only_target == expected


DRAWN = {
    "object": ("fish",), "colour": ("red",), "texture": ("dotted",), "count": ("three",),
    "arrangement": ("in a row",), "style": ("watercolour",),
}  # fmt: skip


def test_another_wording_of_equal_attributes_is_no_difference() -> None:
    one = image("three red dotted fish in a row, watercolour", **DRAWN)
    other = image("a watercolour of three fish in red with dots, lined up in a row", **DRAWN)
    with pytest.raises(RejectError, match="nothing_differs"):
        describe(one, other)


def test_attributes_decide_however_captions_are_worded() -> None:
    one = image("three red dotted fish in a row, watercolour", **DRAWN)
    other = image("a watercolour of three cats in blue with dots, lined up in a row",
                  **DRAWN | {"object": ("cat",), "colour": ("blue",)})  # fmt: skip
    assert describe(one, other).only_target == ("colour: blue", "subject: cats")


def test_attributes_name_words_in_captions_that_say_more_than_they_do() -> None:
    one = image("a dog catching a frisbee on wet grass in rain", lighting=("dim",), hue=("red",))
    other = image("a dog catching a frisbee on dry sand in rain", lighting=("dim",), hue=("teal",))
    assert describe(one, other).only_target == ("detail: on dry sand", "colour: teal")


def test_attributes_alone_are_enough() -> None:
    one = image(sleeve_length=("long",), category=("dress",), price=("10",))
    other = image(sleeve_length=("short",), category=("dress",), price=("12",))
    found = describe(one, other)
    assert found.only_target == ("sleeve length: short",)
    assert found.shared == ("subject: dress",)


@pytest.mark.parametrize(
    "noise",
    [
        {"split": ("test",)},
        {"license": ("MIT",)},
        {"source_url": ("https://a.example/b",)},
        {"sha256": ("00ff00ff00ff",)},
        {"imageId": ("x7",)},
        {"price": ("19.99",)},
        {"note": ("word " * 30,)},
        {"checksum": ("0123456789abcdef",)},
    ],
)
def test_administrative_attributes_differ_in_vain(noise: Attributes) -> None:
    with pytest.raises(RejectError, match="nothing_differs"):
        describe(image("a house"), image("a house", **noise))


def test_keywords_serve_only_where_nothing_else_differs() -> None:
    one = image("a beach", keywords=("sea", "sun"))
    other = image("a beach", keywords=("sea", "moon", "palm"))
    assert describe(one, other).only_target == ("detail: moon and palm",)
    changed = image("a lake", keywords=("sea", "moon", "palm"))
    assert describe(one, changed).only_target == ("subject: lake",)


@pytest.mark.parametrize(
    ("query", "target", "rule"),
    [
        (image(), image("a house"), "no_text"),
        (image("a house"), image("..."), "no_text"),
        (image("a house", id=("7",)), image(id=("8",)), "no_text"),
        (image("a house"), image("a house."), "nothing_differs"),
        (image("a dog chasing a cat"), image("a cat chasing a dog"), "nothing_differs"),
        (image("a big house"), image("a house"), "nothing_to_name"),
        (emoji("cook", "dark", FLAT), emoji("cook", "", GLOSSY), "nothing_to_name"),
        (emoji("man cook", "", FLAT), emoji("cook", "", FLAT), "nothing_to_name"),
    ],
)
def test_a_pair_that_cannot_be_described_says_why(
    query: ImageRecord, target: ImageRecord, rule: str
) -> None:
    with pytest.raises(RejectError) as error:
        describe(query, target)
    assert error.value.rule == rule


def test_too_many_differences_are_rejected_with_their_number() -> None:
    one, other = emoji("man cook", "dark", FLAT), emoji("woman cook", "light", LINES)
    assert len(describe(one, other, max_differences=3).only_target) == 3
    with pytest.raises(RejectError) as error:
        describe(one, other, max_differences=2)
    assert (error.value.rule, error.value.value) == ("too_different", "3")


def test_words_of_further_captions_are_known_but_not_compared() -> None:
    one = image("a red house", "a cottage on a hill")
    found = describe(one, image("a blue house"))
    assert found.only_query == ("subject: red", "also: cottage hill")


def test_a_word_that_the_source_has_elsewhere_is_no_news() -> None:
    with pytest.raises(RejectError, match="nothing_to_name"):
        describe(image("red hat", "a woman in a hat"), image("woman hat"))
