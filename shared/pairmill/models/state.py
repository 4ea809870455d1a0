"""The state of an unfinished training, to bytes and back, without pickles.

Knows weights and their optimiser; knows no data and no loss. With the same state, a training goes
on to the same bytes: nothing random is kept, since batches are drawn from seed and step.
"""

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from pairmill.core.errors import FormatError
from pairmill.core.ids import canonical_json
from pairmill.models.averaging import Average, Weights, copied

STATE_FORMAT = 2
Row = dict[str, float | str]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How far a training is. best_score: that of the best state; stale: validations since.

    curve: one row a validation, with step, losses and scores.
    """

    step: int = 0
    best_step: int = 0
    best_score: float = -1.0
    stale: int = 0
    curve: list[Row] = field(default_factory=list)


class State:
    """Weights in training, their average and optimiser, the best so far and the standing."""

    def __init__(
        self, learner: nn.Module, optimiser: torch.optim.Optimizer, average: Average
    ) -> None:
        self.learner, self.optimiser, self.average = learner, optimiser, average
        self.standing = Standing()
        self.best = copied(learner.state_dict())

    def advance(self) -> None:
        """Count one step."""
        self.standing = replace(self.standing, step=self.standing.step + 1)
        self.average.follow(self.standing.step)

    def judge(self, row: Row, score: float, *, counts: bool) -> None:
        """Note a validation; a score above the best so far makes these weights the best.

        counts: whether one without a gain counts towards patience.
        """
        old = self.standing
        better = score > old.best_score
        if better:
            self.best = copied(self.average.current())
        self.standing = replace(
            old,
            best_step=old.step if better else old.best_step,
            best_score=score if better else old.best_score,
            stale=0 if better or not counts else old.stale + 1,
            curve=[*old.curve, row],
        )

    def to_bytes(self) -> bytes:
        """Return everything that the rest of the training depends on."""
        tensors = _named("learner", self.learner.state_dict()) | _named("best", self.best)
        tensors |= _named("average", self.average.weights)
        for number, slots in self.optimiser.state_dict()["state"].items():
            tensors |= _named(f"optimiser.{number}", slots)
        text = canonical_json({"format": STATE_FORMAT, "standing": asdict(self.standing)}).decode()
        whole = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in
                 tensors.items()}  # fmt: skip
        data: bytes = save(whole, metadata={"pairmill": text})
        return data

    def restore(self, data: bytes) -> None:
        """Become the state of `data`; FormatError where it is no such state."""
        values, tensors = _read(data)
        parts: dict[str, Weights] = {"learner": {}, "best": {}, "average": {}, "optimiser": {}}
        for name, tensor in tensors.items():
            part, _, rest = name.partition(".")
            parts[part][rest] = tensor
        self.learner.load_state_dict(parts["learner"])
        device = next(self.learner.parameters()).device
        self.best = {name: tensor.to(device) for name, tensor in parts["best"].items()}
        for name, tensor in parts["average"].items():
            self.average.weights[name] = tensor.to(device)
        self._restore_optimiser(parts["optimiser"])
        self.standing = Standing(**values)

    def _restore_optimiser(self, tensors: Weights) -> None:
        slots: dict[int, Weights] = {}
        for name, tensor in tensors.items():
            number, _, slot = name.partition(".")
            slots.setdefault(int(number), {})[slot] = tensor
        groups = self.optimiser.state_dict()["param_groups"]
        self.optimiser.load_state_dict({"state": slots, "param_groups": groups})


def _named(part: str, tensors: Weights) -> Weights:
    return {f"{part}.{name}": tensor for name, tensor in tensors.items()}


def _read(data: bytes) -> tuple[dict[str, Any], dict[str, Tensor]]:
    try:
        length = int.from_bytes(data[:8], "little")
        text = json.loads(data[8 : 8 + length])["__metadata__"]["pairmill"]
        values, tensors = json.loads(text), load(data)
    except (SafetensorError, ValueError, KeyError) as error:
        raise FormatError(f"the kept training state is damaged ({error}); start anew") from None
    if values["format"] != STATE_FORMAT:
        raise FormatError(f"the training state has format {values['format']}, wanted "
                          f"{STATE_FORMAT}; start the training anew")  # fmt: skip
    return values["standing"], tensors
