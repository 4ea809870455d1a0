"""Say in figures and in words what became of a training. Knows scores; knows no model."""

from typing import Any

from pairmill.config import TrainingConfig
from pairmill.models.loop import Outcome
from pairmill.models.model import HeadsModel
from pairmill.models.state import Row, Standing
from pairmill.models.validation import DECIDING, Scores, score

KINDS = (*DECIDING, "image_only", "text_only")

_LAST = "; the last state is published all the same (training.publish)"
_LOCKED = (
    "; triplets and captions show fewer images than training.unlock_images, {}, so words alone "
    "learnt and image search stayed as it was"
)


def facts_of_none(why: str) -> dict[str, Any]:
    """Return the facts of a training that did not take place."""
    return {"version": "untrained", "published": False, "why": why, "validation": {}, "curve": [],
            "locked": False}  # fmt: skip


def facts_of(outcome: Outcome, version: str, config: TrainingConfig) -> dict[str, Any]:
    """Return the facts of a training; version: of what it made.

    validation holds recall@1 by kind, before and at the best state; where no state was better than
    the untrained retriever, the two are the same. locked: whether words alone learnt.
    """
    standing = outcome.standing
    gained = standing.best_step > 0
    first, best = (_row(standing, step) for step in (0, standing.best_step))
    locked = isinstance(outcome.model, HeadsModel) and outcome.model.locked
    return {
        "version": version if gained else "untrained",
        "published": gained,
        "why": (_gained(first, best) if gained else _kept(standing, config.image_tolerance))
        + (_LAST if config.publish == "last" else "")
        + (_LOCKED.format(config.unlock_images) if locked else ""),
        "locked": locked,
        "validation": {"untrained": _scores(first), "trained": _scores(best)},
        "score": {"untrained": score(first), "trained": score(best)},
        "curve": standing.curve,
    }


def _gained(first: Row, best: Row) -> str:
    verb = "rose" if score(best) > score(first) else "fell"
    return (f"validation: recall@1 {verb} from {score(first):.3f} to {score(best):.3f} on average: "
            f"{_moves(first, best)}")  # fmt: skip


def _kept(standing: Standing, tolerance: float) -> str:
    first = _row(standing, 0)
    top = max(standing.curve, key=score)
    if score(top) > score(first):
        return (f"the training lost too much plain image search: at step {top['step']}, "
                f"{_moves(first, top)}, and training.image_tolerance lets image_to_image fall by "
                f"{tolerance:g}: the untrained retriever is published")  # fmt: skip
    return (f"no state of the training validated better than the untrained retriever, whose "
            f"recall@1 is {score(first):.3f} on average: that one is published")  # fmt: skip


def _moves(first: Row, last: Row) -> str:
    kinds = [kind for kind in DECIDING if kind in first]
    return ", ".join(f"{kind} {first[kind]:.3f} → {last[kind]:.3f}" for kind in kinds)


def _row(standing: Standing, step: int) -> Row:
    return next(row for row in standing.curve if row["step"] == step)


def _scores(row: Row) -> Scores:
    return {kind: float(row[kind]) for kind in KINDS if kind in row}
