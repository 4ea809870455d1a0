"""The one training loop: phases of steps, validation, the best state kept, exact resume.

Knows data as rows, heads and terms; knows no store: states go to and come from a `Keeper`.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from pairmill.config import TrainingConfig
from pairmill.core.errors import ConfigError
from pairmill.models.batches import Batches
from pairmill.models.examples import TrainingData
from pairmill.models.heads import Heads
from pairmill.models.losses import weighted_sum
from pairmill.models.state import Row, Standing, State
from pairmill.models.terms import align_term, compose_term
from pairmill.models.validation import validate


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
    """Steps from `start` up to, not including, `end`, with the weights of the loss's terms."""

    name: str
    start: int
    end: int
    align: float
    compose: float


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A finished training: the best heads, and how it went."""

    heads: Heads
    standing: Standing


def phases(config: TrainingConfig, *, captioned: bool) -> tuple[Phase, Phase]:
    """Return the two phases: images with captions, then triplets with captions mixed in.

    captioned: whether there is any caption; without one the first phase has no step.
    """
    turn = config.align_steps if captioned else 0
    end = turn + config.compose_steps
    return (
        Phase(name="align", start=0, end=turn, align=1.0, compose=0.0),
        Phase(name="compose", start=turn, end=end, align=config.align_weight, compose=1.0),
    )


def rate(step: int, phase: Phase, config: TrainingConfig) -> float:
    """Return a step's learning rate: a linear warm-up, then a cosine to zero, in each phase."""
    done, steps = step - phase.start, phase.end - phase.start
    warm = min(1.0, (done + 1) / max(config.warmup_steps, 1))
    return config.learning_rate * warm * 0.5 * (1.0 + math.cos(math.pi * done / steps))


class Training:
    """One training of heads.

    The result is a function of heads, data, config and seed: whoever interrupts it and starts it
    again with the same keeper gets the same bytes.
    """

    def __init__(
        self, heads: Heads, data: TrainingData, config: TrainingConfig, *, seed: int
    ) -> None:
        if not len(data.train):
            raise ValueError("no triplets to train on")
        self._data, self._config = data, config
        self._batches = Batches(data.train, data.captions, seed)
        # words may move fast; an image head that does loses what it tells unseen things apart by
        groups = [{"params": list(heads.image.parameters()), "share": 1.0},
                  {"params": list(heads.text.parameters()), "share": config.text_rate}]  # fmt: skip
        self._optimiser = torch.optim.AdamW(
            groups, lr=config.learning_rate, weight_decay=config.weight_decay
        )
        self._state = State(heads, self._optimiser)

    def run(self, keeper: Keeper, watcher: Watcher) -> Outcome:
        """Train from the newest kept state, or from the start, to the end or to patience."""
        kept = keeper.load()
        if kept:
            self._state.restore(kept[1])
            watcher.advance(self._state.standing.step)
        else:
            self._judge("untrained", {}, counts=False)
        for phase in phases(self._config, captioned=len(self._data.captions) > 0):
            while self._goes_on(phase):
                self._step(phase)
                watcher.advance(1)
                step = self._state.standing.step
                if step % self._config.checkpoint_every == 0:
                    keeper.save(step, self._state.to_bytes())
        heads = self._state.heads
        heads.load_state_dict(self._state.best)
        return Outcome(heads=heads.eval(), standing=self._state.standing)

    def _goes_on(self, phase: Phase) -> bool:
        """Say whether the phase has steps left. Patience is tried in the last phase alone: while
        captions are learnt, composing may well stand still."""
        standing = self._state.standing
        return phase.start <= standing.step < phase.end and standing.stale < self._config.patience

    def _step(self, phase: Phase) -> None:
        step = self._state.standing.step
        for group in self._optimiser.param_groups:
            group["lr"] = group["share"] * rate(step, phase, self._config)
        terms = self._terms(step, phase)
        self._optimiser.zero_grad(set_to_none=True)
        loss = weighted_sum(terms)
        if not torch.isfinite(loss):
            raise ConfigError(
                f"the loss is {float(loss.detach())} at step {step + 1}; lower "
                "training.learning_rate, or raise training.temperature"
            )
        torch.autograd.backward(loss)
        self._optimiser.step()
        self._state.advance()
        self._look(phase, terms)

    def _terms(self, step: int, phase: Phase) -> dict[str, tuple[float, Tensor]]:
        """Return the phase's terms; one that has no data, or no weight, is left out."""
        heads, features, config = self._state.heads, self._data.features, self._config
        terms: dict[str, tuple[float, Tensor]] = {}
        if phase.compose:
            batch = self._batches.triplets(step, config.batch, config.num_negatives)
            terms["compose"] = (phase.compose, compose_term(heads, features, batch, config))
        captions = self._batches.captions(step, config.batch) if phase.align else None
        if captions is not None:
            terms["align"] = (phase.align, align_term(heads, features, captions, config))
        return terms

    def _look(self, phase: Phase, terms: dict[str, tuple[float, Tensor]]) -> None:
        """Validate at every so many steps and at a phase's last."""
        step = self._state.standing.step
        if step % self._config.validate_every == 0 or step == phase.end:
            losses = {f"loss_{name}": float(t.detach()) for name, (_, t) in terms.items()}
            self._judge(phase.name, losses, counts=phase.compose > 0)

    def _judge(self, phase: str, losses: dict[str, float], *, counts: bool) -> None:
        scores = validate(self._state.heads, self._data)
        step = self._state.standing.step
        row: Row = {"step": step, "phase": phase, **losses, **scores}
        self._state.judge(row, scores.get("composed", 0.0), counts=counts)
