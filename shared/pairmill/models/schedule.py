"""When a training does what: its phases and its learning rate. Knows numbers alone."""

import math
from dataclasses import dataclass

from pairmill.config import TrainingConfig


@dataclass(frozen=True, kw_only=True)
class Phase:
    """Steps from `start` up to, not including, `end`, with the weights of the loss's terms."""

    name: str
    start: int
    end: int
    align: float
    compose: float
    keep: float


def phases(config: TrainingConfig, *, captioned: bool) -> tuple[Phase, Phase]:
    """Return the two phases: images with captions, then triplets with captions mixed in.

    captioned: whether there is any caption; without one the first phase has no step.
    """
    turn = config.align_steps if captioned else 0
    end, keep = turn + config.compose_steps, config.keep_weight
    return (
        Phase(name="align", start=0, end=turn, align=1.0, compose=0.0, keep=keep),
        Phase(name="compose", start=turn, end=end, align=config.align_weight, compose=1.0,
              keep=keep),
    )  # fmt: skip


def rate(step: int, phase: Phase, config: TrainingConfig) -> float:
    """Return a step's learning rate: a linear warm-up, then a cosine to zero, in each phase."""
    done, steps = step - phase.start, phase.end - phase.start
    warm = min(1.0, (done + 1) / max(config.warmup_steps, 1))
    return config.learning_rate * warm * 0.5 * (1.0 + math.cos(math.pi * done / steps))
