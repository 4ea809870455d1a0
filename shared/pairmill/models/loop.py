"""The one training loop: phases of steps, validation, the best state kept, exact resume.

Knows data as rows, a model, its terms and the other processes; knows no store: states go to and
come from a `Keeper`, of the first process alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from pairmill.config import TrainingConfig
from pairmill.core.errors import ConfigError
from pairmill.core.ids import order_key
from pairmill.models.averaging import Average
from pairmill.models.batches import Batches
from pairmill.models.embedding import Embedder
from pairmill.models.examples import TrainingData, learnt_from
from pairmill.models.learner import Learner, optimiser_of
from pairmill.models.losses import weighted_sum
from pairmill.models.model import Model
from pairmill.models.schedule import Phase, phases, rate
from pairmill.models.state import Row, Standing, State
from pairmill.models.teaching import Teacher
from pairmill.models.terms import Composer, Embedded, Step, Weights
from pairmill.models.validation import Scores, admissible, score, validate
from pairmill.models.world import Alone


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
class Outcome:
    """A finished training: the model with its best weights, the temperature that belongs to them,
    and how it went."""

    model: Model
    temperature: float
    standing: Standing


class Training:
    """One training of a model.

    The result is a function of model, data, config and seed: whoever interrupts it and starts it
    again with the same keeper gets the same bytes, and so does every number of chunks
    (`cache_rows`) and processes up to the last bits.
    """

    def __init__(
        self,
        model: Model,
        data: TrainingData,
        config: TrainingConfig,
        *,
        seed: int,
        world: Alone | None = None,
    ) -> None:
        data = learnt_from(data, config, seed)
        if not len(data.train) and not len(data.edits):
            raise ValueError("no triplets to train on")
        if any(dim > model.dim for dim in config.nested_dims):
            raise ConfigError(f"training.nested_dims: got {config.nested_dims}, wanted sizes of at "
                              f"most {model.dim}, that of the embeddings")  # fmt: skip
        self._model, self._data, self._config, self._seed = model, data, config, seed
        self._world = world or Alone()
        self._batches = Batches(data, config, seed)
        self._embedder = Embedder(model, config, self._world)
        self._composer = Composer(config, Teacher(model, data, config, self._embedder))
        learner = Learner(model, config)
        optimiser = optimiser_of(learner, model, config)
        self._learner, self._optimiser = learner, optimiser
        self._phases = phases(config, len(data.captions), len(data.train) + len(data.edits))
        self._state = State(learner, optimiser, Average(learner, config.average))

    @property
    def num_steps(self) -> int:
        """How many there are, unless patience ends them sooner."""
        return self._phases[-1].end

    def run(self, keeper: Keeper, watcher: Watcher) -> Outcome:
        """Train from the newest kept state, or from the start, to the end or to patience."""
        self._begin(keeper, watcher)
        for phase in self._phases:
            while self._goes_on(phase):
                self.step(phase)
                watcher.advance(1)
                step = self._state.standing.step
                if step % self._config.checkpoint_every == 0 and self._world.rank == 0:
                    keeper.save(step, self._state.to_bytes())
        self._learner.load_state_dict(self._state.best)
        self._model.module.eval()
        return Outcome(model=self._model, temperature=self._learner.temperature,
                       standing=self._state.standing)  # fmt: skip

    def _begin(self, keeper: Keeper, watcher: Watcher) -> None:
        kept = keeper.load()
        if kept:
            self._state.restore(kept[1])
            watcher.advance(self._state.standing.step)
        step = self._state.standing.step
        if self._world.told(step) != step:
            raise RuntimeError("the processes of a training found different states: start it anew")
        if not kept:
            self._judge("untrained", {}, counts=False)

    def _goes_on(self, phase: Phase) -> bool:
        """Say whether the phase has steps left. Patience is tried in the last phase alone: while
        captions are learnt, composing may well stand still."""
        standing = self._state.standing
        return phase.start <= standing.step < phase.end and standing.stale < self._config.patience

    def step(self, phase: Phase) -> None:
        """Take the next step, as one of the phase; validate where it is time."""
        step = self._state.standing.step
        for group in self._optimiser.param_groups:
            group["lr"] = group["share"] * rate(step, phase, self._config)
        self._optimiser.zero_grad(set_to_none=True)
        self._model.module.train()
        losses = self._gradients(step, phase)
        self._optimiser.step()
        self._learner.clamp()
        self._state.advance()
        if (step + 1) % self._config.validate_every == 0 or step + 1 == phase.end:
            self._judge(phase.name, losses, counts=phase.compose > 0)

    def _gradients(self, step: int, phase: Phase) -> dict[str, float]:
        """Give every weight its gradient; return the terms' values."""
        read = Step(triplets=self._batches.triplets(step) if phase.compose else None,
                    captions=self._batches.captions(step) if phase.align else None)  # fmt: skip
        weights = Weights(compose=phase.compose, align=phase.align, keep=phase.keep)
        losses: dict[str, float] = {}

        def loss_of(images_UD: Tensor, texts_VD: Tensor) -> Tensor:
            embedded = Embedded(read, images_UD, texts_VD)
            terms = self._composer.terms(embedded, weights, self._learner.scale())
            losses.update({f"loss_{name}": float(t.detach()) for name, (_, t) in terms.items()})
            return _finite(weighted_sum(terms), step)

        drawn = int(order_key(self._seed, "step", str(step))[:12], 16)
        self._embedder.backward(read.image_rows, read.text_rows, loss_of, seed=drawn)
        return losses

    def _judge(self, phase: str, losses: dict[str, float], *, counts: bool) -> None:
        """Let the first process validate, and all of them note it."""
        found: Scores = {}
        if self._world.rank == 0:
            with self._state.average.worn():
                found = validate(self._model, self._data)
        scores: Scores = self._world.told(found)
        step = self._state.standing.step
        row: Row = {"step": step, "phase": phase, **losses, **scores}
        if self._config.learnable_temperature:
            row["temperature"] = self._learner.temperature
        self._state.judge(row, self._score(scores), counts=counts)

    def _score(self, scores: Scores) -> float:
        """Return what decides; -1, less than any score, where image search decayed."""
        if self._config.publish == "last":
            return float(self._state.standing.step)
        curve: Sequence[Mapping[str, object]] = self._state.standing.curve
        untrained = curve[0] if curve else scores
        fine = admissible(scores, untrained, self._config.image_tolerance)
        return score(scores) if fine else -1.0


def _finite(loss: Tensor, step: int) -> Tensor:
    if not torch.isfinite(loss):
        raise ConfigError(
            f"the loss is {float(loss.detach())} at step {step + 1}; lower "
            "training.learning_rate, or raise training.temperature"
        )
    return loss
