"""Ask a judge about targets and hard negatives, and settle what stays. Knows verdicts and what to
make of them; knows no judge.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pairmill.config.gating import GatingConfig
from pairmill.core.gating.findings import Gate
from pairmill.core.gating.judging import Negatives, Trial, Verdict, negatives_gate, settle_negatives
from pairmill.core.gating.sieve import Sifted, sift
from pairmill.core.gating.tally import Tally, example_of
from pairmill.core.gating.trials import all_target_findings, trial_of, without_fallen
from pairmill.core.records import Pair
from pairmill.core.synthesis import COMPOSED, RawAnswer
from pairmill.pipeline.gating import judge_gates
from pairmill.pipeline.progress import Progress, follow
from pairmill.ports.judge import Judge


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What is left after judgement. negatives: by pair; pairs without an instruction have none."""

    sifted: Sequence[Sifted]
    gates: tuple[Gate, ...] = ()
    negatives: Mapping[str, Negatives] = field(default_factory=dict)
    raw: tuple[RawAnswer, ...] = ()

    def tally(self, least: float) -> Tally:
        """Return what became of the hard negatives."""
        pairs: dict[str, Pair] = {one.description.pair.pair_id: one.description.pair
                                  for one in self.sifted}  # fmt: skip
        return Tally.of(negatives_gate(least), [
            (finding, example_of(pairs[pair_id], finding, image=image))
            for pair_id, settled in self.negatives.items() for image, finding in settled.weighed
        ])  # fmt: skip


def judge_all(
    sifted: Sequence[Sifted], judge: Judge, config: GatingConfig, progress: Progress
) -> Judged:
    """Return the pairs after judgement of their kept composed instructions."""
    trials = [trial for one in sifted if (trial := trial_of(one))]
    found = {trial.pair_id: verdicts
             for trial, verdicts in follow(judge.each(trials), progress)}  # fmt: skip
    least = config.judging.least
    targets = all_target_findings(trials, [found[trial.pair_id] for trial in trials], least)
    gates = judge_gates(config, targets)
    left = [sift(one, gates) for one in sifted]
    kept = {one.description.pair.pair_id: _composed(one) for one in left}
    return Judged(
        sifted=left, gates=gates, raw=judge.take_raw(),
        negatives={trial.pair_id: _settled(trial, found[trial.pair_id], kept, config)
                   for trial in trials},
    )  # fmt: skip


def _composed(sifted: Sifted) -> list[str]:
    return [each.written.text for each in sifted.kept if each.written.task == COMPOSED]


def _settled(
    trial: Trial, verdicts: Sequence[Verdict], kept: Mapping[str, list[str]], config: GatingConfig
) -> Negatives:
    own = config.judging
    stay = without_fallen(trial, verdicts, kept[trial.pair_id])
    return settle_negatives(trial, stay, least=own.least, action=own.negatives)
