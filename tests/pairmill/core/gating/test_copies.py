"""Copies are told by the order of content words that the pair itself does not have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairmill.core.gating.copies import CopyIndex, copy_gate, description_stems, weigh_copy
from tests.pairmill.core.gating.pairs import CALM, described, written

SHOWN = ("Show me the same one, but on a wet street at night with neon lights",
         "Could you make it a tall silver lamp?", "in red")  # fmt: skip
WORDS = ("wet", "street", "night", "neon", "light", "dog", "silver", "lamp")
INDEX = CopyIndex.of(SHOWN, 3)
NOTHING: frozenset[str] = frozenset()


def test_a_demonstration_told_again_is_a_copy() -> None:
    found = weigh_copy(
        "Show the same on a wet street at night, with neon lights!", INDEX, NOTHING, 0.5
    )
    assert found.rule == "copy"
    assert found.value == "1.00: wet street night neon light"


def test_a_share_of_a_text_may_be_copied_by_hand_count() -> None:
    copied, share = INDEX.copied("a dog runs on a wet street at night in the snow")
    assert copied == ["wet", "street", "night"]
    assert share == pytest.approx(3 / 6)


def test_words_of_asking_and_short_texts_are_everybody_s() -> None:
    for text in ("show me the same one, but in blue", "in red", "could you make it silver?"):
        assert weigh_copy(text, INDEX, NOTHING, 0.0).kept


def test_what_the_pair_s_own_description_has_is_no_copy() -> None:
    own = described(shared=("background: wet streets",), target=("time of day: night",))
    text = written("on a wet street at night")
    (found,) = copy_gate(INDEX, 0.5).weigh(own, [text])
    assert found.kept
    (other,) = copy_gate(INDEX, 0.5).weigh(described(target=("time of day: night",)), [text])
    assert other.rule == "copy"


def test_all_sides_and_the_text_of_a_description_are_its_own() -> None:
    own = described(shared=("a: dogs",), query=("b: cats",), target=("c: cows",), text="Both run.")
    assert description_stems(own) >= {"dog", "cat", "cow", "run"}


def test_runs_of_one_word_are_refused() -> None:
    with pytest.raises(ValueError, match="2 or more"):
        CopyIndex.of(SHOWN, 1)


@CALM
@given(st.lists(st.sampled_from(WORDS), max_size=9), st.floats(0, 1), st.floats(0, 1))
def test_a_higher_share_allowed_never_takes_more(
    words: list[str], one: float, other: float
) -> None:
    low, high = sorted((one, other))
    text = " ".join(words)
    assert (
        weigh_copy(text, INDEX, NOTHING, high).kept
        or not weigh_copy(text, INDEX, NOTHING, low).kept
    )


@CALM
@given(st.permutations(SHOWN))
def test_the_order_of_the_shown_texts_does_not_matter(shown: list[str]) -> None:
    assert CopyIndex.of(shown, 3) == INDEX
