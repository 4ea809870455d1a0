"""Bounds, scripts and frequent words, on texts that a hand can count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairmill.core.gating.languages import language_gate, share_in_script, weigh_language
from pairmill.core.gating.lengths import Bounds, count_words, weigh_chars, weigh_words
from pairmill.core.synthesis import IMAGE_TO_TEXT
from tests.pairmill.core.gating.pairs import CALM, described, written

LEAST = 0.5


@pytest.mark.parametrize(
    ("text", "rule", "value"),
    [("red", "too_few_words", "1 words"), ("in red", "", "2 words"),
     ("one two three four", "", "4 words"),
     ("one two three four five", "too_many_words", "5 words"),
     ("- - !", "too_few_words", "0 words")],
)  # fmt: skip
def test_both_bounds_of_words_are_allowed(text: str, rule: str, value: str) -> None:
    found = weigh_words(text, Bounds(least=2, most=4))
    assert (found.rule, found.value) == (rule, value)


def test_characters_are_counted_without_the_blanks_around_them() -> None:
    assert weigh_chars("  red  ", Bounds(least=4, most=9)).rule == "too_few_chars"
    assert weigh_chars(" redder ", Bounds(least=4, most=6)).kept
    assert weigh_chars("far redder", Bounds(least=4, most=9)).rule == "too_many_chars"


def test_a_korean_word_with_its_particle_counts_as_two() -> None:
    assert count_words("빨간색으로 해 줘") == 4
    assert count_words("in red please") == 3


@CALM
@given(st.text(max_size=60), st.integers(0, 10), st.integers(0, 10), st.integers(0, 3))
def test_a_wider_bound_never_takes_more(text: str, low: int, width: int, more: int) -> None:
    narrow = Bounds(least=low, most=low + width)
    wide = Bounds(least=max(0, low - more), most=low + width + more)
    for weigh in (weigh_words, weigh_chars):
        assert weigh(text, wide).kept or not weigh(text, narrow).kept


@pytest.mark.parametrize(
    "text",
    ["make it blue", "the same one, but with a café and 3 naïve über-cats", "on a red van of hay",
     "blue dress, floral pattern, knee length", "with the sign 출구",
     "de la Renta dress for las Vegas"],
)  # fmt: skip
def test_english_passes_with_names_and_loan_words(text: str) -> None:
    assert weigh_language(text, "en", LEAST).kept


@pytest.mark.parametrize(
    ("text", "rule"),
    [("빨간색으로 바꿔 줘", "wrong_script"), ("сделай красным", "wrong_script"),
     ("赤くして", "wrong_script"), ("12 !?", "wrong_script"),
     ("zeige das gleiche mit einem Hut", "wrong_language"),
     ("montre la même chose avec une robe", "wrong_language"),
     ("lo mismo pero con una camisa roja", "wrong_language")],
)  # fmt: skip
def test_other_languages_fall(text: str, rule: str) -> None:
    assert weigh_language(text, "en", LEAST).rule == rule


def test_korean_passes_with_a_brand_and_english_does_not() -> None:
    assert weigh_language("BMW 로고가 있는 것", "ko", LEAST).kept
    assert weigh_language("make it red", "ko", LEAST).rule == "wrong_script"


def test_letters_that_are_put_together_count_as_one_script() -> None:
    assert share_in_script("caf\u0065\u0301", "en") == 1.0  # e and its accent apart
    assert share_in_script("가나ab", "ko") == 0.5


def test_of_an_image_s_text_the_answer_is_weighed_and_not_our_request() -> None:
    text = written("이 사진을 설명해 줘", task=IMAGE_TO_TEXT, language="en", answer="a red car")
    (found,) = language_gate(LEAST).weigh(described(), [text])
    assert found.kept


@CALM
@given(st.text(max_size=40), st.sampled_from(["en", "ko"]))
def test_the_share_lies_in_0_to_1_and_a_lower_threshold_never_takes_more(
    text: str, language: str
) -> None:
    strict, mild = (weigh_language(text, language, least) for least in (0.8, 0.3))
    assert 0 <= strict.measure <= 1
    assert mild.kept or not strict.kept
