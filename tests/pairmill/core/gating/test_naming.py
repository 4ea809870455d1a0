"""Instructions that name something of the target, and those that name nothing."""

import pytest

from pairmill.core.gating.naming import naming_gate, target_stems, weigh_names
from pairmill.core.gating.stems import stem
from tests.pairmill.core.gating.pairs import described, written

SCORPION = described(shared=("style: flat drawing",), query=("subject: spider",),
                     target=("subject: scorpion", "count: three"))  # fmt: skip


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("three of them", ""),
        ("make it scorpions", ""),
        ("as a flat drawing", "names_nothing"),  # both are
        ("what is this?", "names_nothing"),
        ("show the subject", "names_nothing"),  # the name of a side, not what stands there
    ],
)
def test_a_word_of_the_targets_own_side_must_be_said(text: str, rule: str) -> None:
    (found,) = naming_gate().weigh(SCORPION, [written(text)])
    assert found.rule == rule


def test_what_both_show_is_not_the_targets_own() -> None:
    assert target_stems(SCORPION) == {stem("scorpion"), stem("three")}
    both = described(shared=("subject: red scorpion",), target=("subject: red scorpion",))
    assert target_stems(both) == frozenset()
    assert weigh_names("whatever", target_stems(both)).kept


def test_another_language_than_the_descriptions_is_not_weighed() -> None:
    (found,) = naming_gate().weigh(SCORPION, [written("전갈로 바꿔 줘", language="ko")])
    assert (found.rule, found.value) == ("", "not weighed")
