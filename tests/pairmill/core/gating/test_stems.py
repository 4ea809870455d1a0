"""What is one word and what are two, by hand."""

import pytest

from pairmill.core.gating.stems import content_words, stem, stems, tokens


@pytest.mark.parametrize(
    "family",
    [
        "stripe stripes striped stripy", "dot dots dotted", "red reddish", "blue bluish blueish",
        "grey greyish gray", "wood wooden", "beard beards bearded beardless",
        "run runs running ran",
        "stack stacked stacking", "diagonal diagonally", "chequered checkered", "leaf leaves",
        "child children", "woman women", "smile smiling smiled", "dark darkness darkly darkened",
        "two 2", "twelve 12", "sun sunny", "box boxes", "sit sitting sat", "wear worn wore wearing",
        "lie lying lies", "cactus cacti", "brick bricks", "sky skies",
    ],
)  # fmt: skip
def test_inflections_of_a_word_have_one_stem(family: str) -> None:
    assert len({stem(word) for word in family.split()}) == 1


@pytest.mark.parametrize(
    "strangers",
    ["green grey", "red read", "flower flow", "tower tow", "hat hot", "ring rung", "wing wine",
     "glass grass", "two ten", "cat car", "bed bee", "pan pen", "row arrow", "star start"],
)  # fmt: skip
def test_strangers_have_stems_of_their_own(strangers: str) -> None:
    words = strangers.split()
    assert len({stem(word) for word in words}) == len(words)


def test_korean_words_lose_their_particles_and_the_word_for_colour() -> None:
    assert stems("빨간색을 집에서 사람이") == {"빨간", "집", "사람"}
    assert stem("이") == "이"  # nothing would be left


def test_hyphens_and_apostrophes_part_words_and_functional_ones_say_nothing() -> None:
    assert tokens("It isn't well-made!") == ("it", "isn", "t", "well", "made")
    assert stems("the one with a hat") == {"one", "hat"}


def test_words_of_asking_are_no_content() -> None:
    assert content_words("Show me the same one in red instead") == ["red"]
    assert content_words("같은 사진인데 모자를 쓴 것") == ["사진인데", "모자", "쓴"]
