"""What scores of a judge mean for instructions and for hard negatives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairmill.core.gating.judging import (
    Trial,
    Verdict,
    judge_gate,
    settle_negatives,
    target_findings,
    weigh_negative,
    weigh_target,
)
from tests.pairmill.core.gating.pairs import CALM, described, written

TRIAL = Trial(pair_id="pair", query_id="q", target_id="t", instructions=("in red", "red, please"),
              negatives=("a", "b", "c"))  # fmt: skip


def verdict(image: str, *scores: float, fault: str = "") -> Verdict:
    return Verdict(image_id=image, scores=scores, fault=fault)


VERDICTS = (verdict("a", 0.1, 0.2), verdict("b", 0.3, 0.9), verdict("c", fault="bad_answer: no"))


def test_an_instruction_falls_when_the_judge_says_no_to_it_alone() -> None:
    found = target_findings(TRIAL, verdict("t", 0.9, 0.4), 0.5)
    gate = judge_gate(found, 0.5)
    weighed = gate.weigh(described(), [written("red, please"), written("in red")])
    assert [(finding.rule, finding.value) for finding in weighed] == [
        ("judge_no", "0.40"),
        ("", "0.90"),
    ]


def test_what_could_not_be_judged_is_not_kept() -> None:
    found = target_findings(TRIAL, verdict("t", fault="undecodable: no image"), 0.5)
    assert {(finding.rule, finding.value) for finding in found.values()} == {
        ("unjudged", "undecodable: no image")
    }


def test_a_negative_that_fits_any_instruction_is_dropped() -> None:
    found = settle_negatives(TRIAL, VERDICTS, least=0.5, action="drop")
    assert found.kept == ("q", "a")
    assert found.scores == (0.0, 0.2)
    assert [(image, finding.rule) for image, finding in found.dropped] == [
        ("b", "false_negative"), ("c", "unjudged"),
    ]  # fmt: skip


def test_a_negative_that_fits_may_stay_with_its_soft_score() -> None:
    found = settle_negatives(TRIAL, VERDICTS, least=0.5, action="soft")
    assert found.kept == ("q", "a", "b")
    assert found.scores == (0.0, 0.2, 0.9)
    assert [image for image, _ in found.dropped] == ["c"]


def test_a_verdict_has_scores_or_a_fault_and_scores_are_probabilities() -> None:
    for scores, fault in (((), ""), ((0.5,), "bad")):
        with pytest.raises(ValueError, match="wanted one of both"):
            Verdict(image_id="a", scores=scores, fault=fault)
    with pytest.raises(ValueError, match=r"in \[0, 1\]"):
        verdict("a", 1.5)


scores = st.floats(0, 1)


@CALM
@given(st.lists(scores, min_size=3, max_size=3), scores, scores, st.permutations(range(3)))
def test_negatives_kept_and_dropped_are_all_in_any_order_and_a_higher_bar_drops_no_more(
    given_scores: list[float], one: float, other: float, turn: list[int]
) -> None:
    low, high = sorted((one, other))
    verdicts = [
        verdict(image, score, 0.0) for image, score in zip("abc", given_scores, strict=True)
    ]
    turned = [verdicts[row] for row in turn]
    mild = settle_negatives(TRIAL, verdicts, least=high, action="drop")
    strict = settle_negatives(TRIAL, turned, least=low, action="drop")
    assert strict == settle_negatives(TRIAL, verdicts, least=low, action="drop")
    for found in (mild, strict):
        dropped = {image for image, _ in found.dropped}
        assert {*found.kept} | dropped == {"q", "a", "b", "c"}
        assert not {*found.kept} & dropped
        assert found.kept[0] == "q"
    assert {*strict.kept} <= {*mild.kept}


@CALM
@given(scores, scores, scores)
def test_a_higher_bar_keeps_no_more_targets_and_no_fewer_negatives(
    score: float, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    said = verdict("t", score)
    assert weigh_target(said, 0, low).kept or not weigh_target(said, 0, high).kept
    assert weigh_negative(said, high).kept or not weigh_negative(said, low).kept
