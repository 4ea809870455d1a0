"""What every instructor must do. The adapters it judges stand in conftest.py."""

import re
from typing import Any

import pytest

from pairmill.core.errors import RejectError

Case = Any  # conftest.Case: conftest files are no modules to import from


def words_of(texts: tuple[str, ...]) -> set[str]:
    return set(re.findall(r"\w+", " ".join(texts).casefold()))


def test_every_description_gets_its_outcome_in_order(case: Case) -> None:
    outcomes = case.make(3).instruct(case.good)
    assert len(outcomes) == len(case.good)
    for outcome, word in zip(outcomes, ("green", "basket", "three"), strict=True):
        assert word in words_of(outcome)


@pytest.mark.parametrize("per_pair", [3, 8, 20])
def test_there_are_as_many_different_instructions_as_asked_for(case: Case, per_pair: int) -> None:
    for outcome in case.make(per_pair).instruct(case.good):
        assert len(outcome) >= min(per_pair, case.most)
        assert len({text.casefold() for text in outcome}) == len(outcome)
        assert all(text == text.strip() and text for text in outcome)


def test_no_instruction_names_what_only_the_query_image_has(case: Case) -> None:
    for outcome, word in zip(
        case.make(20).instruct(case.good), ("red", "bowl", "one"), strict=True
    ):
        assert word not in words_of(outcome)


def test_a_bad_description_rejects_only_itself(case: Case) -> None:
    alone = case.make(3).instruct(case.good)
    among = case.make(3).instruct([case.good[0], case.bad, *case.good[1:]])
    assert isinstance(among[1], RejectError)
    assert among[1].rule == case.rule
    assert [among[0], *among[2:]] == alone


def test_equal_descriptions_give_equal_instructions_in_any_company(case: Case) -> None:
    together = case.make(3).instruct(case.good)
    assert case.make(3).instruct(case.good) == together
    instructor = case.make(3)
    assert [instructor.instruct([one])[0] for one in case.good] == together
    assert case.make(3).instruct(case.good[::-1]) == together[::-1]


def test_an_instructor_has_a_name_and_no_descriptions_give_nothing(case: Case) -> None:
    assert case.make(3).author
    assert case.make(3).instruct([]) == []
