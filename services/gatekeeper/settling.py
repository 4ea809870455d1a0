"""Make triplets and texts of what the gates left, and rejects of the rest. Knows findings; knows no
gate and no judge.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pairmill.config.gating import GatingConfig
from pairmill.core.gating.judging import Negatives
from pairmill.core.gating.sieve import Kept, Sifted, why_rejected
from pairmill.core.records import Triplet
from pairmill.core.synthesis import COMPOSED, PairText
from pairmill.pipeline.output import Output
from services.gatekeeper.judging import Judged
from services.gatekeeper.reading import Sheet, Stack

INSTRUCTION, NEGATIVE = "instruction", "negative"
"""Units of what falls, outside the balance of pairs."""


@dataclass(frozen=True, kw_only=True)
class Left:
    """What the gates left of a shard, in its order."""

    triplets: list[Triplet]
    texts: list[PairText]


def settle(out: Output, stack: Stack, judged: Judged, config: GatingConfig) -> Left:
    """Return what is left. Every text that fell, every negative that was dropped and every pair
    that kept too few instructions becomes a reject."""
    left = Left(triplets=[], texts=[])
    for sheet, sifted in zip(stack.sheets, judged.sifted, strict=True):
        _reject_texts(out, sheet, sifted)
        why = why_rejected(sifted, config.min_kept)
        if why:
            out.reject(sheet.triplet.pair_id, why.rule, why.value, keys=sheet.ends)
            continue
        negatives = judged.negatives.get(sheet.triplet.pair_id)
        if negatives:
            _reject_negatives(out, sheet, negatives)
        soft = config.judging.negatives == "soft"
        left.triplets.append(_triplet(sheet.triplet, sifted.kept, negatives, soft=soft))
        left.texts.extend(PairText(pair_id=sheet.triplet.pair_id, **vars(each.written))
                          for each in sifted.kept)  # fmt: skip
    return left


def _reject_texts(out: Output, sheet: Sheet, sifted: Sifted) -> None:
    for each in sifted.fallen:
        value = f"{each.finding.value}: {each.text}"
        out.reject(sheet.triplet.pair_id, each.finding.rule, value, keys=sheet.ends,
                   unit=INSTRUCTION)  # fmt: skip


def _reject_negatives(out: Output, sheet: Sheet, negatives: Negatives) -> None:
    for image, finding in negatives.dropped:
        out.reject(sheet.triplet.pair_id, finding.rule, finding.value,
                   keys=(*sheet.ends, image), unit=NEGATIVE)  # fmt: skip


def _triplet(
    triplet: Triplet, kept: Sequence[Kept], negatives: Negatives | None, *, soft: bool
) -> Triplet:
    """Return the triplet with what was kept; weights and scores only where any says something."""
    composed = [each for each in kept if each.written.task == COMPOSED]
    changed = replace(
        triplet,
        instructions=tuple(each.written.text for each in composed),
        weights=_unless_all([each.weight for each in composed], 1.0),
    )
    if negatives is None:
        return changed
    scores = _unless_all(negatives.scores, 0.0) if soft else ()
    return replace(changed, negatives=negatives.kept, scores=scores)


def _unless_all(values: Iterable[float], same: float) -> tuple[float, ...]:
    found = tuple(values)
    return () if all(value == same for value in found) else found
