"""The state of an unfinished training, to bytes and back, without pickles.

Knows heads and their optimiser; knows no data and no loss. With the same state, a training goes
on to the same bytes: nothing random is kept, since batches are drawn from seed and step.
"""

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from pairmill.core.errors import FormatError
from pairmill.core.ids import canonical_json
from pairmill.models.heads import Heads

STATE_FORMAT = 1
Row = dict[str, float | str]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How far a training is. best_score: recall@1 of the best state; stale: validations since.

    curve: one row a validation, with step, losses and scores.
    """

    step: int = 0
    best_step: int = 0
    best_score: float = -1.0
    stale: int = 0
    curve: list[Row] = field(default_factory=list)


class State:
    """Heads in training, their optimiser, the best heads so far and the standing."""

    def __init__(self, heads: Heads, optimiser: torch.optim.Optimizer) -> None:
        self.heads, self.optimiser = heads, optimiser
        self.standing = Standing()
        self.best = _copy(heads.state_dict())

    def advance(self) -> None:
        """Count one step."""
        self.standing = replace(self.standing, step=self.standing.step + 1)

    def judge(self, row: Row, score: float, *, counts: bool) -> None:
        """Note a validation; a score above the best so far makes these heads the best.

        counts: whether one without a gain counts towards patience.
        """
        old = self.standing
        better = score > old.best_score
        if better:
            self.best = _copy(self.heads.state_dict())
        self.standing = replace(
            old,
            best_step=old.step if better else old.best_step,
            best_score=score if better else old.best_score,
            stale=0 if better or not counts else old.stale + 1,
            curve=[*old.curve, row],
        )

    def to_bytes(self) -> bytes:
        """Return everything that the rest of the training depends on."""
        tensors = {f"heads.{name}": t for name, t in self.heads.state_dict().items()}
        tensors |= {f"best.{name}": t for name, t in self.best.items()}
        for number, slots in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{number}.{slot}": t for slot, t in slots.items()}
        text = canonical_json({"format": STATE_FORMAT, "standing": asdict(self.standing)}).decode()
        whole = {name: tensor.detach().contiguous().clone() for name, tensor in tensors.items()}
        data: bytes = save(whole, metadata={"pairmill": text})
        return data

    def restore(self, data: bytes) -> None:
        """Become the state of `data`; FormatError where it is no such state."""
        values, tensors = _read(data)
        heads = {n[6:]: t for n, t in tensors.items() if n.startswith("heads.")}
        self.best = {n[5:]: t for n, t in tensors.items() if n.startswith("best.")}
        self.heads.load_state_dict(heads)
        slots: dict[int, dict[str, Tensor]] = {}
        for name, tensor in tensors.items():
            if name.startswith("optimiser."):
                _, number, slot = name.split(".")
                slots.setdefault(int(number), {})[slot] = tensor
        groups = self.optimiser.state_dict()["param_groups"]
        self.optimiser.load_state_dict({"state": slots, "param_groups": groups})
        self.standing = Standing(**values)


def _copy(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in state.items()}


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
