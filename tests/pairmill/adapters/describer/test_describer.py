"""What every describer must do. The adapters it judges stand in conftest.py."""

from typing import Any

from pairmill.core.errors import RejectError
from pairmill.core.records import Description

Case = Any  # conftest.Case: conftest files are no modules to import from


def test_every_pair_gets_its_outcome_in_order(case: Case) -> None:
    outcomes = case.make().describe(case.good)
    assert [outcome.pair for outcome in outcomes] == [view.pair for view in case.good]


def test_a_description_names_its_author_and_the_target(case: Case) -> None:
    describer = case.make()
    for outcome in describer.describe(case.good):
        assert isinstance(outcome, Description)
        assert outcome.author == describer.author
        assert outcome.author
        assert outcome.only_target
        assert outcome.text
        assert all(outcome.shared + outcome.only_query + outcome.only_target)


def test_a_bad_pair_rejects_only_itself(case: Case) -> None:
    alone = case.make().describe(case.good)
    among = case.make().describe([case.good[0], case.bad, *case.good[1:]])
    assert isinstance(among[1], RejectError)
    assert among[1].rule == case.rule
    assert [among[0], *among[2:]] == alone


def test_equal_pairs_give_equal_descriptions_in_any_company(case: Case) -> None:
    together = case.make().describe(case.good)
    assert case.make().describe(case.good) == together
    describer = case.make()
    assert [describer.describe([view])[0] for view in case.good] == together
    assert case.make().describe(case.good[::-1]) == together[::-1]


def test_no_pairs_give_no_descriptions(case: Case) -> None:
    assert case.make().describe([]) == []
