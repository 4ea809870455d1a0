"""Parts, words and articles of English captions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairmill.core import wording
from pairmill.core.aspects import Aspect, parse_aspect, read_facts


@pytest.mark.parametrize(
    ("caption", "parts"),
    [
        ("taco, 3D render", ["taco", "3D render"]),
        ("a cat and a dog; at night", ["cat", "dog", "at night"]),
        ("salt and pepper", ["salt and pepper"]),
        ("light and dark skin tone", ["light and dark skin tone"]),
        ("AB button (blood type)", ["AB button", "blood type"]),
        ("a wall with 1,000 bricks - blue", ["wall with 1,000 bricks", "blue"]),
        ("The kitchen is clean. There is a plant.", ["kitchen is clean", "plant"]),
        ("a dog is running", ["dog running"]),
        ("Mrs. Claus", ["Mrs Claus"]),
        ("...", []),
        ("and the of", []),
    ],
)
def test_captions_are_cut_where_a_reader_would_pause(caption: str, parts: list[str]) -> None:
    assert [wording.text_of(part) for part in wording.split_parts(caption)] == parts


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("taco", "a taco"), ("exclamation mark", "an exclamation mark"),
        ("scissors", "scissors"), ("pixel art", "pixel art"), ("flat drawing", "a flat drawing"),
        ("hot springs", "hot springs"), ("slice of pizza", "a slice of pizza"),
        ("unicorn", "a unicorn"), ("hourglass", "an hourglass"), ("ATM sign", "an ATM sign"),
        ("UP button", "an UP button"), ("OK hand", "an OK hand"), ("NG button", "an NG button"),
        ("Santa Claus", "Santa Claus"), ("Statue of Liberty", "Statue of Liberty"),
        ("Japanese castle", "a Japanese castle"), ("two hearts", "two hearts"),
        ("no entry", "no entry"), ("women", "women"), ("bus", "a bus"), ("glass", "a glass"),
        ("face with tears of joy", "a face with tears of joy"), ("3D render", "a 3D render"),
        ("man wearing turban", "a man wearing turban"), ("一只狗", "一只狗"), ("", ""),
    ],
)  # fmt: skip
def test_phrases_take_the_article_that_english_wants(phrase: str, expected: str) -> None:
    assert wording.with_article(phrase) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [("apple", "Apples"), ("color", "colours"), ("berry", "berries"), ("box", "boxes"),
     ("dog's", "dogs"), ("gray", "grey")],
)  # fmt: skip
def test_spellings_and_plurals_share_a_key(one: str, other: str) -> None:
    assert wording.key(one) == wording.key(other)


@pytest.mark.parametrize("word", ["glass", "bus", "octopus", "tennis", "gas", "as"])
def test_a_final_s_is_not_always_a_plural(word: str) -> None:
    assert wording.key(word) == word


@given(st.text(max_size=300))
def test_any_text_is_cut_without_a_fault_and_without_line_breaks(text: str) -> None:
    for part in wording.split_parts(text):
        assert "\n" not in wording.with_article(wording.text_of(part))
        assert wording.content(part)


def test_a_caption_of_a_hundred_thousand_characters_is_read_quickly() -> None:
    for text in ("word " * 20_000, "a" * 100_000, "and a " * 16_000, " - " * 33_000):
        wording.split_parts(text)


@given(
    st.sampled_from(["colour", "skin tone", "detail"]),
    st.from_regex(r"\w[\w :]*\w", fullmatch=True),
)
def test_aspects_survive_their_text(kind: str, text: str) -> None:
    assert parse_aspect(str(Aspect(kind, text))) == Aspect(kind, text)


def test_a_phrase_without_a_kind_is_a_detail() -> None:
    assert parse_aspect("a red hat") == Aspect("detail", "a red hat")


def test_attributes_are_read_as_people_mean_them() -> None:
    facts, tags = read_facts(
        {"hasHat": ("true",), "is_open": ("yes",), "is_old": ("false",), "Count": ("3",),
         "skin_tone": (), "tags": ("a", "b"), "many": tuple("abcde"), "height": ("12",)}
    )  # fmt: skip
    assert {name: (fact.kind, fact.values) for name, fact in facts.items()} == {
        "has hat": ("detail", ("hat",)),
        "is open": ("trait", ("open",)),
        "is old": ("is old", ()),
        "count": ("count", ("three",)),
        "skin tone": ("skin tone", ()),
    }
    assert set(tags) == {"a", "b", "c", "d", "e"}
