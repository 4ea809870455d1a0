"""Say what is to be judged of a pair, and put a judge's words on it together. Knows no judge."""

from collections.abc import Iterable, Mapping, Sequence

from pairmill.core.gating.findings import Finding
from pairmill.core.gating.judging import Trial, Verdict, target_findings
from pairmill.core.gating.sieve import Sifted
from pairmill.core.synthesis import COMPOSED


def trial_of(sifted: Sifted) -> Trial | None:
    """Return what is to be judged of a pair: its composed instructions that were kept, each once
    and in an order of their own, on the target and the hard negatives; None without any."""
    pair = sifted.description.pair
    texts = {kept.written.text for kept in sifted.kept if kept.written.task == COMPOSED}
    if not texts:
        return None
    return Trial(
        pair_id=pair.pair_id, query_id=pair.query_id, target_id=pair.target_id,
        instructions=tuple(sorted(texts)), negatives=pair.negatives[1:],
    )  # fmt: skip


def without_fallen(trial: Trial, verdicts: Iterable[Verdict], kept: Iterable[str]) -> list[Verdict]:
    """Return the verdicts on negatives with the scores of the kept instructions alone: one that
    the judge says no to on the target must not make a false negative of anything.

    Where none was kept the verdicts stay as they are: the pair is left out.
    """
    stay = set(kept)
    rows = [row for row, text in enumerate(trial.instructions) if text in stay]
    return [
        verdict if verdict.fault or not rows else Verdict(
            image_id=verdict.image_id, scores=tuple(verdict.scores[row] for row in rows)
        )
        for verdict in verdicts
        if verdict.image_id != trial.target_id
    ]  # fmt: skip


def all_target_findings(
    trials: Sequence[Trial], found: Sequence[Sequence[Verdict]], least: float
) -> Mapping[tuple[str, str], Finding]:
    """Return the findings of all instructions of some trials, by pair id and text.

    found: of each trial, the target's verdict first, as a judge gives them.
    """
    findings: dict[tuple[str, str], Finding] = {}
    for trial, verdicts in zip(trials, found, strict=True):
        assert verdicts[0].image_id == trial.target_id, f"{trial.pair_id}: target is not the first"
        findings |= target_findings(trial, verdicts[0], least)
    return findings
