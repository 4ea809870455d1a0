"""Texts through gates: nothing is lost, one rule a reject, and pairs that keep too little."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairmill.core.answers import Fault
from pairmill.core.gating.findings import Finding, Gate, by_text, even_edges
from pairmill.core.gating.lengths import Bounds, chars_gate, words_gate
from pairmill.core.gating.sieve import Sifted, begin, sift, why_rejected
from pairmill.core.gating.twins import twins_gate
from pairmill.core.synthesis import COMPOSED, COMPOSED_TO_TEXT, TEXT_TO_IMAGE, Written
from tests.pairmill.core.gating.pairs import CALM, described, written

GATES = (
    words_gate(Bounds(least=2, most=5)), chars_gate(Bounds(least=4, most=30)), twins_gate(0.75)
)  # fmt: skip
TEXTS = (
    "red",
    "in red",
    "In red!",
    "make it red, and then blue, and then green",
    "a b",
    "as red wine",
)
some = st.lists(
    st.builds(written, st.sampled_from(TEXTS), task=st.sampled_from([COMPOSED, TEXT_TO_IMAGE])),
    max_size=8,
)


def lighter(weight: float) -> Gate:
    weigh = by_text(lambda _, text: Finding(measure=1, value=text, weight=weight))
    return Gate(name="lighter", threshold=1, edges=even_edges(0, 1), weigh=weigh, tasks=(COMPOSED,))


def sifted(*texts: str, faults: tuple[str, ...] = ()) -> Sifted:
    found = begin(described(), [written(text) for text in texts], [Fault(name=f) for f in faults])
    return sift(found, GATES)


def left(found: Sifted) -> list[tuple[str, str]]:
    return sorted((kept.written.text, kept.written.task) for kept in found.kept)


def test_a_text_that_fell_is_seen_by_no_later_gate() -> None:
    found = sifted("red", "in red", "In red!")
    fallen = [(each.gate, each.text, each.finding.rule) for each in found.fallen]
    assert fallen[0] == ("length_words", "red", "too_few_words")
    assert fallen[1][0] == "near_duplicate"
    seen = [each.gate for each in found.weighed]
    assert [seen.count(name) for name in ("schema", "length_words", "length_chars")] == [3, 3, 2]


def test_weights_multiply_and_touch_their_own_tasks_alone() -> None:
    texts = [written("in red"), written("a red car", task=TEXT_TO_IMAGE)]
    found = sift(begin(described(), texts), (lighter(0.5), lighter(0.5)))
    assert [kept.weight for kept in found.kept] == [0.25, 1.0]


def test_of_an_instruction_with_its_answer_either_may_fall() -> None:
    text = written("in red", task=COMPOSED_TO_TEXT, answer="car")
    (found,) = GATES[0].weigh(described(), [text])
    assert found.value == "1 words"
    assert not found.kept


def test_a_weight_of_nothing_is_no_weight() -> None:
    with pytest.raises(ValueError, match="above 0"):
        Finding(measure=0, value="", weight=0)


@CALM
@given(some, st.lists(st.sampled_from(["not_json", "empty"]), max_size=3))
def test_kept_and_fallen_are_all_that_came_and_each_fell_once(
    texts: list[Written], faults: list[str]
) -> None:
    found = sift(begin(described(), texts, [Fault(name=name) for name in faults]), GATES)
    fell = [each.written for each in found.fallen if each.written]
    key = lambda text: (text.text, text.task)  # noqa: E731
    assert sorted([*fell, *(kept.written for kept in found.kept)], key=key) == sorted(
        texts, key=key
    )
    assert sorted(each.finding.rule for each in found.fallen if not each.written) == sorted(faults)


@CALM
@given(some, st.randoms(use_true_random=False))
def test_the_order_of_texts_changes_neither_what_stays_nor_why_a_pair_falls(
    texts: list[Written], draw: "object"
) -> None:
    turned = list(texts)
    draw.shuffle(turned)  # type: ignore[attr-defined]
    one, other = (sift(begin(described(), given_texts), GATES) for given_texts in (texts, turned))
    assert left(one) == left(other)
    rejects = [why_rejected(found, 4) for found in (one, other)]
    assert len({(error.rule, error.value) if error else None for error in rejects}) == 1


def test_a_pair_falls_by_the_rule_that_took_most() -> None:
    error = why_rejected(sifted("red", "blue", "abc d e f g h", "in red"), 2)
    assert error is not None
    assert error.rule == "too_few_words"
    assert error.value == "1 of 4 kept, wanted 2; 1 words"
    assert why_rejected(sifted("in red", "wine on the table"), 2) is None


def test_of_rules_that_took_as_many_the_first_gate_s_counts() -> None:
    error = why_rejected(sifted("as is", "red", "in a very very very very red coat", "a b"), 3)
    assert error is not None
    assert error.rule == "too_few_words"  # before too_many_words by name, and length_chars by gate


def test_an_answer_that_could_not_be_read_is_a_reject_by_its_fault() -> None:
    error = why_rejected(sifted(faults=("not_json",)), 1)
    assert error is not None
    assert (error.rule, error.value) == (
        "not_json", "0 of 1 kept, wanted 1; the answer is not JSON",
    )  # fmt: skip
    nothing = why_rejected(sifted(), 1)
    assert nothing is not None
    assert nothing.rule == "nothing_written"


def test_texts_of_further_tasks_do_not_stand_in_for_instructions() -> None:
    texts = [written("red"), written("a red car", task=TEXT_TO_IMAGE),
             written("a car in red", task=TEXT_TO_IMAGE)]  # fmt: skip
    error = why_rejected(sift(begin(described(), texts), GATES), 1)
    assert error is not None
    assert error.value.startswith("0 of 1 kept")
