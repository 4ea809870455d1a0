"""The one training loop: phases of steps, validation, the best state kept, exact resume.

Knows data as rows, heads and terms; knows no store: states go to and come from a `Keeper`.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor

from pairmill.config import TrainingConfig
from pairmill.models.batches import Batches
from pairmill.models.examples import TrainingData
from pairmill.models.heads import Heads
from pairmill.models.losses import weighted_sum
from pairmill.models.state import Standing, State
from pairmill.models.terms import align_term, compose_term
from pairmill.models.validation import validate

Curve = list[dict[str, float | str]]


class Keeper(Protocol):
    """Keeps the newest state of an unfinished training."""

    def save(self, step: int, state: bytes) -> None:
        """Keep `state` as that of `step`."""
        ...

    def load(self) -> tuple[int, bytes] | None:
        """Return the newest step and its state, or None."""
        ...


class Watcher(Protocol):
    """Is told of every step."""

    def advance(self, count: int = 1) -> None:
        """Note `count` more steps."""
        ...


@dataclass(frozen=True, kw_only=True)
class Phase:
    """`steps` updates of one loss. align, compose: the weights of its terms."""

    name: str
    start: int
    steps: int
    align: float
    compose: float


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A finished training: the best heads, how they validated, and the way there."""

    heads: Heads
    standing: Standing


def phases(config: TrainingConfig) -> tuple[Phase, ...]:
    """Return the two phases: images with captions, then triplets with captions mixed in."""
    first = Phase(name="align", start=0, steps=config.align_steps, align=1.0, compose=0.0)
    second = Phase(name="compose", start=config.align_steps, steps=config.compose_steps,
                   align=config.align_weight, compose=1.0)  # fmt: skip
    return first, second


def rate(step: int, phase: Phase, config: TrainingConfig) -> float:
    """Return the learning rate of a step: linear warm-up, then a cosine to zero, each phase."""
    done = step - phase.start
    warm = min(1.0, (done + 1) / config.warmup_steps) if config.warmup_steps else 1.0
    decay = 0.5 * (1.0 + math.cos(math.pi * done / max(phase.steps, 1)))
    return config.learning_rate * warm * decay


class Training:
    """One training of heads on rows of features."""

    def __init__(
        self, heads: Heads, data: TrainingData, config: TrainingConfig, *, seed: int
    ) -> None:
        self._data, self._config = data, config
        self._batches = Batches(data.train, data.captions, seed)
        parameters = list(heads.parameters())
        optimiser = torch.optim.AdamW(
            parameters, lr=config.learning_rate, weight_decay=config.weight_decay, foreach=False
        )
        self._state = State(heads, optimiser)

    def run(self, keeper: Keeper, watcher: Watcher) -> Outcome:
        """Train from the newest kept state, or from the start, to the end or to patience."""
        kept = keeper.load()
        if kept:
            self._state.restore(kept[1])
            watcher.advance(self._state.standing.step)
        for phase in phases(self._config):
            while self._goes_on(phase):
                self._step(phase)
                watcher.advance(1)
                if self._state.standing.step % self._config.checkpoint_every == 0:
                    keeper.save(self._state.standing.step, self._state.to_bytes())
        return self._outcome()
