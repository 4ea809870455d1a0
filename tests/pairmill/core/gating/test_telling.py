"""Which words tell, on captions that a hand can count."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairmill.core.gating.telling import Telling, caption_words, learn_telling, look_alikes
from tests.pairmill.core.gating.pairs import CALM

WORDS = ("red", "blue", "lined", "side", "cat")


def captions(*texts: str) -> list[frozenset[str]]:
    return [frozenset(text.split()) for text in texts]


def test_a_word_on_which_look_alikes_agree_tells_and_a_way_of_speaking_does_not() -> None:
    """Four red and four blue things, neighbours within their colour; "lined" comes and goes."""
    said = captions(
        "red lined", "red", "red lined", "red", "blue lined", "blue", "blue lined", "blue"
    )
    near = np.array([[1], [0], [3], [2], [5], [4], [7], [6]])
    weights = learn_telling(said, near).weights
    assert weights == {"blue": 1.0, "lined": 0.0, "red": 1.0}


def test_the_weight_is_agreement_beyond_chance_by_hand() -> None:
    said = captions("red", "red", "red", "red", "blue", "blue", "blue", "blue")
    near = np.array([[1], [2], [3], [4], [5], [6], [7], [0]])  # 3 of 4 reds have a red neighbour
    assert learn_telling(said, near).weights["red"] == pytest.approx((3 / 4 - 1 / 2) / (1 - 1 / 2))


def test_a_rare_word_and_one_of_all_captions_are_not_judged_by_look_alikes() -> None:
    said = captions(*["cat red"] * 3, *["cat"] * 3)
    weights = learn_telling(said, look_alikes([np.eye(6, dtype=np.float32)], 2)).weights
    assert weights == {"cat": 0.0}


def test_the_lighter_side_of_a_contradiction_counts() -> None:
    telling = Telling({"red": 0.9, "blue": 0.8, "lined": 0.1})
    one, other = frozenset({"cat", "red"}), frozenset({"cat", "blue", "lined"})
    assert telling.contrast(one, other) == pytest.approx(0.9)  # 0.9 against 0.8 + 0.1
    assert telling.contrast(frozenset({"cat"}), other) == 0.0
    assert telling.contrast(frozenset({"dog"}), frozenset({"cow"})) == 0.75


def test_inflections_of_a_caption_s_words_are_one() -> None:
    assert caption_words("two striped dogs") == caption_words("the dog with stripes, 2 of them")


def test_look_alikes_are_nearest_over_all_spaces_and_never_the_image_itself() -> None:
    one = np.array([[1, 0], [0.9, 0.1], [0, 1], [0.1, 0.9]], np.float32)
    assert look_alikes([one, one], 1).tolist() == [[1], [0], [3], [2]]
    assert look_alikes([one], 9).shape == (4, 3)


@CALM
@given(st.lists(st.frozensets(st.sampled_from(WORDS), min_size=1), min_size=5, max_size=12),
       st.integers(0, 2**31), st.permutations(range(5)))  # fmt: skip
def test_weights_lie_in_0_to_1_and_the_order_of_images_does_not_matter(
    said: list[frozenset[str]], seed: int, turn: list[int]
) -> None:
    said = said[:5]
    vectors = np.random.default_rng(seed).standard_normal((5, 3)).astype(np.float32)
    found = learn_telling(said, look_alikes([vectors], 2)).weights
    turned = learn_telling([said[row] for row in turn], look_alikes([vectors[turn]], 2)).weights
    assert all(0 <= weight <= 1 for weight in found.values())
    assert turned == pytest.approx(found)


@CALM
@given(st.frozensets(st.sampled_from(WORDS)), st.frozensets(st.sampled_from(WORDS)))
def test_contrast_does_not_know_which_came_first(
    one: frozenset[str], other: frozenset[str]
) -> None:
    telling = Telling({"red": 0.9, "lined": 0.1})
    assert telling.contrast(one, other) == telling.contrast(other, one) >= 0
    assert telling.contrast(one, one) == 0
