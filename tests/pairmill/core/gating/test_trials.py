"""From kept instructions to a trial and from verdicts back to instructions and negatives."""

from pairmill.core.gating.judging import Verdict, judge_gate, settle_negatives
from pairmill.core.gating.sieve import begin, sift
from pairmill.core.gating.trials import all_target_findings, trial_of, without_fallen
from pairmill.core.synthesis import TEXT_TO_IMAGE
from tests.pairmill.core.gating.pairs import described, written

TEXTS = [written("in red"), written("a red car", task=TEXT_TO_IMAGE), written("as red as wine"),
         written("in red")]  # fmt: skip


def test_a_trial_has_each_composed_instruction_once_and_no_query_image() -> None:
    trial = trial_of(begin(described(), TEXTS))
    assert trial is not None
    assert trial.instructions == ("as red as wine", "in red")
    assert (trial.target_id, trial.negatives) == ("t", ("n",))
    assert trial_of(begin(described(), TEXTS[::-1])) == trial
    assert trial_of(begin(described(), TEXTS[1:2])) is None


def test_an_instruction_that_the_target_does_not_answer_judges_no_negative() -> None:
    """The whole way: the judge refuses one text, for which alone the negative would have fitted."""
    start = begin(described(), TEXTS)
    trial = trial_of(start)
    assert trial is not None
    verdicts = (Verdict(image_id="t", scores=(0.2, 0.9)), Verdict(image_id="n", scores=(0.8, 0.1)))
    found = all_target_findings([trial], [verdicts], 0.5)
    sifted = sift(start, (judge_gate(found, 0.5),))
    kept = [each.written.text for each in sifted.kept]
    assert kept == ["in red", "a red car", "in red"]
    said = without_fallen(trial, verdicts, kept)
    assert said == [Verdict(image_id="n", scores=(0.1,))]
    assert settle_negatives(trial, said, least=0.5, action="drop").kept == ("q", "n")


def test_faults_stay_and_a_pair_that_keeps_nothing_changes_nothing() -> None:
    trial = trial_of(begin(described(), TEXTS))
    assert trial is not None
    broken = Verdict(image_id="n", fault="bad_answer")
    assert without_fallen(trial, [broken], ["in red"]) == [broken]
    said = Verdict(image_id="n", scores=(0.3, 0.4))
    assert without_fallen(trial, [said], []) == [said]
