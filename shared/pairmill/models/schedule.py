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


def phases(config: TrainingConfig, num_captions: int, num_triplets: int) -> tuple[Phase, Phase]:
    """Return the two phases: images with captions, then triplets with captions mixed in.

    Without a caption the first phase has no step. What is few is not repeated without end: a phase
    makes so many passes at most, since held-out images of known things cannot show over-fitting.
    """
    turn = min(config.align_steps, _steps(config.caption_epochs * num_captions, config))
    end = turn + min(config.compose_steps, _steps(config.epochs * num_triplets, config))
    keep = config.keep_weight
    return (
        Phase(name="align", start=0, end=turn, align=1.0, compose=0.0, keep=keep),
        Phase(name="compose", start=turn, end=end, align=config.align_weight, compose=1.0,
              keep=keep),
    )  # fmt: skip


def _steps(num_rows: float, config: TrainingConfig) -> int:
    """Return the steps that read so many rows, each as often as it is passed: none for none."""
    return math.ceil(num_rows / config.batch)


def rate(step: int, phase: Phase, config: TrainingConfig) -> float:
    """Return a step's learning rate: a linear warm-up, then a cosine to zero, in each phase."""
    done, steps = step - phase.start, phase.end - phase.start
    warm = min(1.0, (done + 1) / max(config.warmup_steps, 1))
    return config.learning_rate * warm * 0.5 * (1.0 + math.cos(math.pi * done / steps))
