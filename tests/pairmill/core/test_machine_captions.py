"""Captions by machine: how they are put together, lent to images, and kept apart from people's."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairmill.core.captions import Seen, agree, lend, make_caption, needs_caption
from pairmill.core.dates import EXIF_DATE
from pairmill.core.portraits import portray
from pairmill.core.records import Caption, ImageRecord
from pairmill.core.tables import from_parquet, to_parquet

DRESS = Seen(classes=("dress", "clothing"), colours=("red",))


def image(key: str = "IMG_1", **values: object) -> ImageRecord:
    return replace(ImageRecord(image_id="0" * 32, keys=(key,)), **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key", "seen", "text"),
    [
        ("IMG_1", DRESS, "red dress"),
        ("dress_1", DRESS, "red dress"),
        ("dresses/IMG_1", DRESS, "red dress"),
        ("summer-dress_1", DRESS, "red summer dress"),
        ("blue-dress_1", DRESS, "blue dress"),
        ("anna/IMG_1", DRESS, "red dress, anna"),
        ("anna/IMG_1", Seen(), "anna"),
        ("anna/IMG_1", Seen(colours=("red", "white")), "anna, mostly red and white"),
        ("IMG_1", Seen(colours=("red",)), "mostly red"),
        ("IMG_1", Seen(classes=("dress",), colours=("red", "white")), "red and white dress"),
        ("IMG_1", Seen(), ""),
    ],
)
def test_a_caption_says_what_was_seen_and_what_names_say(key: str, seen: Seen, text: str) -> None:
    made = make_caption(image(key), seen)
    assert (made.text, made.seen, made.kind) == (text, text, "machine")


def test_the_first_key_that_says_something_is_taken() -> None:
    assert make_caption(image(keys=("IMG_1", "party", "hat")), Seen()).text == "party"


def test_a_date_is_told_but_not_seen() -> None:
    taken = image(attributes={EXIF_DATE: ("2019-07-14T09:20:05",)})
    made = make_caption(taken, DRESS)
    assert made.text == "red dress, taken on a summer morning in July 2019"
    assert made.seen == "red dress"
    assert [(p.kind, p.text) for p in made.parts] == [
        ("class", "dress"), ("class", "clothing"), ("colour", "red"),
        ("date", "taken on a summer morning in July 2019"), ("season", "in summer"),
        ("daytime", "in the morning"),
    ]  # fmt: skip
    assert make_caption(taken, Seen(), southern=True).of("season") == ("in winter",)


def test_what_the_images_own_attributes_say_is_not_said_again() -> None:
    own = image(attributes={"category": ("gown",), "color": ("navy",), "size": ("XL",)})
    assert make_caption(own, DRESS).text == ""
    assert make_caption(image(attributes={"color": ("navy",)}), DRESS).text == "dress"


def test_a_human_caption_is_never_replaced_or_added_to() -> None:
    told = image(captions=(Caption(kind="table", text="my best dress"),))
    assert not needs_caption(told)
    assert lend(told, make_caption(told, DRESS)) is told
    assert needs_caption(image())
    assert needs_caption(image(captions=(Caption(kind="sidecar", text="  "),)))


def test_a_lent_caption_is_marked_and_its_parts_are_attributes() -> None:
    taken = image(attributes={EXIF_DATE: ("2019-07-14T23:20:05",)})
    lent = lend(taken, make_caption(taken, DRESS))
    assert lent.captions == (Caption(kind="machine", text="red dress"),)
    portrait = portray(lent)
    assert {name: fact.values for name, fact in portrait.facts.items()} == {
        "category": ("dress",), "colour": ("red",),
    }  # fmt: skip
    assert portrait.tags == ("in summer", "at night")
    assert portrait.explained == 1


def test_own_attributes_win_over_lent_ones_and_a_colour_alone_is_no_caption() -> None:
    own = image(attributes={"colour": ("navy",)})
    assert lend(own, make_caption(own, DRESS)).attributes == {
        "category": ("dress",), "colour": ("navy",),
    }  # fmt: skip
    bare = lend(image(), make_caption(image(), Seen(colours=("red",))))
    assert (bare.captions, dict(bare.attributes)) == ((), {"colour": ("red",)})
    assert lend(image(), None) == image()


def classes(*names: str) -> Seen:
    return Seen(classes=names)


@pytest.mark.parametrize(
    ("one", "other", "agreed"),
    [
        (("T-shirt", "shirt", "clothing"), ("shirt", "clothing"), ("shirt", "shirt")),
        (("clothing",), ("T-shirt", "shirt", "clothing"), ("clothing", "clothing")),
        (("T-shirt", "shirt"), ("sweatshirt", "shirt"), ("T-shirt", "sweatshirt")),
        (("T-shirt", "shirt"), ("T-shirt", "shirt"), ("T-shirt", "T-shirt")),
        (("T-shirt", "clothing"), ("dog", "animal"), ("T-shirt", "dog")),
        (("T-shirt", "clothing"), (), ("", "")),
    ],
)
def test_being_less_sure_is_no_difference(
    one: tuple[str, ...], other: tuple[str, ...], agreed: tuple[str, str]
) -> None:
    found = agree(*(make_caption(image(), classes(*names)) for names in (one, other)))
    assert tuple(made.seen if made else None for made in found) == agreed


def test_a_caption_by_machine_meets_no_caption_unchanged() -> None:
    made = make_caption(image(), DRESS)
    assert agree(made, None) == (made, None)


def test_captions_survive_their_table() -> None:
    made = [make_caption(image(attributes={EXIF_DATE: ("2019-07-14",)}), DRESS)]
    assert from_parquet(type(made[0]), to_parquet(type(made[0]), made)) == made


@given(st.text(max_size=40), st.text(max_size=30), st.booleans())
def test_any_key_and_date_give_a_caption_that_can_be_lent(
    key: str, date: str, southern: bool
) -> None:
    record = image(key, attributes={EXIF_DATE: (date,)})
    made = make_caption(record, DRESS, southern=southern)
    assert "dress" in made.seen
    portray(lend(record, made))
