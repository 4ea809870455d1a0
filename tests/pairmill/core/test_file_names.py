"""Words of file names: what people wrote stays, what machines named says nothing."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairmill.core.file_names import MAX_WORDS, NOTHING, phrases_of


@pytest.mark.parametrize(
    ("key", "phrases"),
    [
        ("red-dress_012", ("red dress",)),
        ("RedDress", ("red dress",)),
        ("dresses/red-dress_012", ("red dress", "dresses")),
        ("dresses/2019/IMG_1234", ("dresses",)),
        ("shop/photos/blue%20shoe", ("blue shoe", "shop")),
        ("shop\\blue shoe", ("blue shoe", "shop")),
        ("dress/dress", ("dress",)),
        ("photo of a dog on the beach 3", ("dog on the beach",)),
        ("summer-hat_8f3a9c2b", ("summer hat",)),
        ("dress2", ("dress",)),
        ("Grand Canyon, 2nd day", ("grand canyon day",)),
        ("Straße in Köln", ("straße in köln".replace("ß", "ss"),)),
        ("고양이_01", ("고양이",)),
        ("猫", ("猫",)),
        ("हिन्दी", ("हिन्दी",)),
    ],
)
def test_words_of_people_are_kept(key: str, phrases: tuple[str, ...]) -> None:
    assert phrases_of(key) == phrases


@pytest.mark.parametrize(
    "key",
    [
        "IMG_1234", "DSC00123", "DSCN0001", "P1010001", "PXL_20210704_101530123", "MVIMG_20190101",
        "IMG-20190714-WA0003", "Screenshot 2021-03-04 at 10.11.12", "GOPR0042", "100CANON/IMG_0001",
        "DCIM/100ANDRO/DSC_0123", "0001", "2019-07-14 15.20.00",
        "550e8400-e29b-41d4-a716-446655440000",
        "d41d8cd98f00b204e9800998ecf8427e", "DEADBEEF-dead-beef-cafe-0123456789ab",
        "3f2a9b", "a1b2c3d4", "dQw4w9WgXcQ", "aGVsbGxv", "10156789_1015_n", "photos/train/000012",
        "untitled (3)", "", "/", "...", "qwrtz", "_", "x",
    ],
)  # fmt: skip
def test_names_by_machines_give_nothing(key: str) -> None:
    assert phrases_of(key) == ()


@given(st.text())
def test_any_key_gives_only_small_words(key: str) -> None:
    phrases = phrases_of(key)
    assert len(phrases) <= 2
    for phrase in phrases:
        words = phrase.split(" ")
        assert 0 < len(words) <= MAX_WORDS
        for word in words:
            assert {unicodedata.category(letter)[0] for letter in word} <= {"L", "M"}
            assert word not in NOTHING
            assert word == word.casefold()


@given(st.lists(st.sampled_from(["red", "dress", "IMG", "0042", "of", "hat"]), max_size=6))
def test_separators_do_not_matter(words: list[str]) -> None:
    assert phrases_of("_".join(words)) == phrases_of("-".join(words)) == phrases_of(" ".join(words))
