"""A program of the tests: train the toy corpora as one of several processes.

`torchrun --standalone --nproc-per-node N several.py FOLDER`: for each case the first process writes
its curve and, at the end, its weights. Cases share the processes, since importing costs seconds.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from pairmill.config import TrainingConfig
from pairmill.models.joining import rank_here, size_here, together
from pairmill.models.loop import Training
from pairmill.models.model import HeadsModel
from pairmill.models.world import Alone
from tests.pairmill.models.small_clip import whole_data, whole_model
from tests.pairmill.models.toys import changed, data, heads

FIFTY = changed(align_steps=10, compose_steps=42, validate_every=2, learning_rate=1e-3,
                tower_rate=1.0, learnable_temperature=True, average=0.9, keep_weight=0.5,
                batch=31, nested_dims=(8,))  # fmt: skip
SHORT = FIFTY.model_copy(update={"compose_steps": 6, "cache_rows": 7})


@dataclass(frozen=True)
class Case:
    """One training; stop_at: a step at which every process dies once, 0 for none."""

    name: str
    config: TrainingConfig
    whole: bool = False
    stop_at: int = 0


CASES = (
    Case("heads", FIFTY),
    Case("all", FIFTY, whole=True),
    Case("short", SHORT),
    Case("stopped", SHORT, stop_at=11),
)


class Folder:
    """A keeper in a folder that all processes see."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, step: int, state: bytes) -> None:
        part = self._folder / f"{step:06d}.part"
        part.write_bytes(state)
        part.rename(part.with_suffix(".state"))

    def load(self) -> tuple[int, bytes] | None:
        found = sorted(self._folder.glob("*.state"))
        return (int(found[-1].stem), found[-1].read_bytes()) if found else None


class Dying:
    """A watcher that kills its process's training at a step."""

    def __init__(self, stop_at: int) -> None:
        self._left = stop_at

    def advance(self, count: int = 1) -> None:
        self._left -= count
        if self._left == 0:
            raise KeyboardInterrupt


def train(case: Case, folder: Path, world: Alone) -> None:
    """Train once, and write what came of it."""
    found = whole_data() if case.whole else data()
    model = whole_model() if case.whole else HeadsModel(heads(), found.features)
    config = case.config.model_copy(update={"processes": world.size})
    training = Training(model, found, config, seed=0, world=world)
    outcome = training.run(Folder(folder), Dying(case.stop_at))
    if rank_here() == 0:
        state = outcome.model.module.state_dict()
        np.savez(folder / "weights.npz", **{n: t.numpy() for n, t in state.items()})
        (folder / "curve.json").write_text(json.dumps(outcome.standing.curve))


def main(root: Path) -> None:
    """Train every case; one that died is trained again from its kept state."""
    torch.set_num_threads(1)
    for case in CASES:
        (root / case.name).mkdir(exist_ok=True, parents=True)
    with together(size_here()) as world:
        for case in CASES:
            try:
                train(case, root / case.name, world)
            except KeyboardInterrupt:
                train(Case(case.name, case.config, case.whole), root / case.name, world)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
