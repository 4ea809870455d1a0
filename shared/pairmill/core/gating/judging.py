"""Decide by a judge's scores which instructions hold and which negatives are none.

Knows scores; knows no judge. A score is how likely a candidate is what the query image with the
instruction asks for: 0 to 1, yes from one half on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pairmill.core.gating.findings import Finding, Gate, even_edges
from pairmill.core.records import Description
from pairmill.core.synthesis import COMPOSED, Written

NAME, NEGATIVES = "judge", "negatives"
NO, UNJUDGED, FALSE_NEGATIVE = "judge_no", "unjudged", "false_negative"
EDGES = even_edges(0, 1)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What is judged of one pair: each instruction on the target and on each hard negative.

    negatives: without the query image, which is always one.
    """

    pair_id: str
    query_id: str
    target_id: str
    instructions: tuple[str, ...]
    negatives: tuple[str, ...]

    @property
    def candidates(self) -> tuple[str, ...]:
        """The target, then the negatives."""
        return (self.target_id, *self.negatives)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a judge says of one candidate.

    scores: one for each instruction of the trial, in its order. fault: why there are none.
    """

    image_id: str
    scores: tuple[float, ...] = ()
    fault: str = ""

    def __post_init__(self) -> None:
        if bool(self.scores) == bool(self.fault):
            raise ValueError(f"{self.image_id}: got scores {self.scores} and fault {self.fault!r}, "
                             "wanted one of both")  # fmt: skip
        if not all(0 <= score <= 1 for score in self.scores):
            raise ValueError(f"{self.image_id}: got scores {self.scores}, wanted them in [0, 1]")


def weigh_target(verdict: Verdict, row: int, least: float) -> Finding:
    """Return what a judge's word on the target means for instruction `row`: `judge_no` below
    `least`, `unjudged` where there is no score."""
    if verdict.fault:
        return Finding(measure=0.0, value=verdict.fault, rule=UNJUDGED)
    score = verdict.scores[row]
    return Finding(measure=score, value=f"{score:.2f}", rule=NO if score < least else "")


def weigh_negative(verdict: Verdict, least: float) -> Finding:
    """Return whether a negative is one: `false_negative` where it fits any of the instructions,
    `unjudged` where there is no score. The measure is its highest score."""
    if verdict.fault:
        return Finding(measure=1.0, value=verdict.fault, rule=UNJUDGED)
    score = max(verdict.scores)
    return Finding(measure=score, value=f"{score:.2f}",
                   rule=FALSE_NEGATIVE if score >= least else "")  # fmt: skip


def judge_gate(targets: Mapping[tuple[str, str], Finding], least: float) -> Gate:
    """Return the gate over composed instructions. targets: `weigh_target` by pair id and text."""

    def weigh(description: Description, texts: Sequence[Written]) -> list[Finding]:
        return [targets[description.pair.pair_id, each.text] for each in texts]

    return Gate(name=NAME, threshold=least, edges=EDGES, weigh=weigh, tasks=(COMPOSED,))


def negatives_gate(least: float) -> Gate:
    """Return what statistics want to know of the judgement of negatives; it weighs no text."""
    return Gate(name=NEGATIVES, threshold=least, edges=EDGES, weigh=lambda *_: [], tasks=())


def target_findings(trial: Trial, verdict: Verdict, least: float) -> dict[tuple[str, str], Finding]:
    """Return the findings of a trial's instructions, by pair id and text."""
    return {(trial.pair_id, text): weigh_target(verdict, row, least)
            for row, text in enumerate(trial.instructions)}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Negatives:
    """The hard negatives that stay, the query image first, and each one's soft score: how likely
    it fits all the same. weighed: what was found of each that was judged."""

    kept: tuple[str, ...]
    scores: tuple[float, ...]
    weighed: tuple[tuple[str, Finding], ...]

    @property
    def dropped(self) -> tuple[tuple[str, Finding], ...]:
        """Those left out, with why."""
        return tuple((image, found) for image, found in self.weighed if image not in self.kept)


def settle_negatives(
    trial: Trial, verdicts: Sequence[Verdict], *, least: float, action: Literal["drop", "soft"]
) -> Negatives:
    """Return a trial's negatives after judgement.

    verdicts: on the negatives, in any order. action: `drop` leaves out those that fit, `soft` keeps
    them with their score. One without a score is left out either way: nothing is known of it.
    """
    by_id = {verdict.image_id: weigh_negative(verdict, least) for verdict in verdicts}
    weighed = tuple((image, by_id[image]) for image in trial.negatives)
    kept = [(image, found.measure) for image, found in weighed
            if found.kept or (action == "soft" and found.rule == FALSE_NEGATIVE)]  # fmt: skip
    return Negatives(
        kept=(trial.query_id, *(image for image, _ in kept)),
        scores=(0.0, *(score for _, score in kept)),
        weighed=weighed,
    )
