"""Near-duplicates within a pair: which of them stays, in whatever order they come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairmill.core.gating.twins import alike, all_stems, twins_gate, weigh_twins
from pairmill.core.synthesis import TEXT_TO_IMAGE, Written
from tests.pairmill.core.gating.pairs import CALM, described, written

TEXTS = ("make it red", "Make it RED!", "make the thing red", "turn it red", "in a red coat",
         "in red coats", "what about red?", "")  # fmt: skip
some = st.lists(st.sampled_from(TEXTS), max_size=6).map(lambda texts: [written(t) for t in texts])


def kept(texts: list[Written], least: float) -> list[str]:
    found = weigh_twins("pair", texts, least)
    return sorted(text.text for text, finding in zip(texts, found, strict=True) if finding.kept)


def test_the_jaccard_index_is_that_of_stems_without_articles() -> None:
    one, other = all_stems("Make a red coat"), all_stems("make the coats red, please")
    assert alike(one, other) == pytest.approx(3 / 4)
    assert alike(all_stems("red"), all_stems("reddish")) == 1.0
    assert alike(frozenset(), frozenset()) == 1.0


def test_of_two_that_say_the_same_one_stays_and_the_value_names_it() -> None:
    texts = [written("make it red"), written("in a red coat"), written("Make it red!")]
    found = weigh_twins("pair", texts, 0.75)
    assert [finding.rule for finding in found].count("near_duplicate") == 1
    (fallen,) = [finding for finding in found if not finding.kept]
    assert fallen.value.casefold().startswith("1.00: make it red")
    assert found[1].kept


def test_texts_of_other_tasks_and_languages_are_never_twins() -> None:
    texts = [written("a red car"), written("a red car", task=TEXT_TO_IMAGE),
             written("a red car", language="ko")]  # fmt: skip
    assert all(finding.kept for finding in weigh_twins("pair", texts, 0.5))


def test_one_request_with_different_answers_is_no_twin() -> None:
    texts = [written("describe this", task="image→text", answer=answer)
             for answer in ("a red car in the rain", "two dogs on a sofa")]  # fmt: skip
    assert all(finding.kept for finding in weigh_twins("pair", texts, 0.75))


@CALM
@given(some, st.randoms(use_true_random=False), st.floats(0.1, 1))
def test_the_order_of_texts_does_not_matter(
    texts: list[Written], draw: "object", least: float
) -> None:
    turned = list(texts)
    draw.shuffle(turned)  # type: ignore[attr-defined]
    assert kept(turned, least) == kept(texts, least)


@CALM
@given(some)
def test_at_the_top_only_equal_texts_fall_and_one_of_each_stays(texts: list[Written]) -> None:
    stay = kept(texts, 1.0)
    assert {all_stems(text) for text in stay} == {all_stems(text.text) for text in texts}
    assert len(stay) == len({all_stems(text.text) for text in texts})


@CALM
@given(some, st.floats(0.1, 1))
def test_what_stays_is_pairwise_unlike_and_what_falls_is_like_one_that_stays(
    texts: list[Written], least: float
) -> None:
    found = twins_gate(least).weigh(described(), texts)
    stay = [text for text, finding in zip(texts, found, strict=True) if finding.kept]
    sides = [all_stems(text.text) for text in stay]
    for i, one in enumerate(sides):
        assert all(alike(one, other) < least for other in sides[i + 1 :])
    for text, finding in zip(texts, found, strict=True):
        if not finding.kept:
            assert max(alike(all_stems(text.text), side) for side in sides) >= least
