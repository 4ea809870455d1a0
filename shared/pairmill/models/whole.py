"""Train a whole model: both towers of a CLIP or its like, by pixels and tokens.

Knows a joint tower and where its pixels come from; knows no loss, no file and no library.

    B rows of a batch, S side, L tokens, D shared space
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pairmill.config import TrainingConfig
from pairmill.models.averaging import copied
from pairmill.models.examples import Rows
from pairmill.models.model import Group
from pairmill.models.tower_parts import JointTower

Pixels = Callable[[Rows], NDArray[np.uint8]]
"""Image rows to (B, S, S, 3), as the tower's `fit` makes them."""

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
SCALES = ("logit_scale", "logit_bias")
"""What a joint model keeps for its own loss; the loop has its own temperature."""


class WholeModel:
    """A joint tower in training, `trainable: all` (MMRet-CLIP: arXiv 2412.14475, section 3.2).

    Every row is embedded alone: batch norms keep the statistics that they were published with, so
    that neither chunks nor processes change what a row becomes.

    Args:
        tower: it is changed in place.
        pixels: where image rows come from.
        texts: what text rows say.
    """

    def __init__(self, tower: JointTower, pixels: Pixels, texts: Sequence[str]) -> None:
        self.tower, self._pixels = tower, pixels
        self._tokens_ML = tower.text.tokenise(texts)
        self._module = _Tower(tower.module)
        for name, weight in tower.module.named_parameters():
            weight.requires_grad_(not name.endswith(SCALES))

    @property
    def module(self) -> nn.Module:
        """Both towers."""
        return self._module

    @property
    def dim(self) -> int:
        """Size of the joint space."""
        return self.tower.text.dim

    def images(self, rows: Rows) -> Tensor:
        """Return the image tower's output, (B, D)."""
        pixels_BSSC = torch.from_numpy(self._pixels(rows)).to(self._device)
        return self.tower.image.encode(pixels_BSSC)

    def texts(self, rows: Rows) -> Tensor:
        """Return the text tower's output, (B, D)."""
        tokens_BL = self._tokens_ML[torch.from_numpy(rows)]
        return self.tower.text.encode(tokens_BL.to(self._device))

    def meanings(self, rows: Rows) -> Tensor:
        """Return the text tower's output: a frozen copy's tells how alike texts were."""
        return self.texts(rows)

    def groups(self, config: TrainingConfig) -> list[Group]:
        """Return the towers' weights; gains and biases do not decay (CLIP's own recipe, arXiv
        2103.00020, section 2.5)."""
        learning = [w for w in self._module.parameters() if w.requires_grad]
        return [
            {"params": [w for w in learning if w.ndim >= 2], "share": config.tower_rate},
            {"params": [w for w in learning if w.ndim < 2], "share": config.tower_rate,
             "weight_decay": 0.0},
        ]  # fmt: skip

    def frozen(self) -> "Frozen":
        """Return a copy as it is now, which does not learn."""
        return Frozen(self, copied(dict(self._module.named_parameters())))

    @property
    def _device(self) -> torch.device:
        return next(self._module.parameters()).device


class _Tower(nn.Module):
    """The tower's parameters; in training mode its batch norms stay as they are."""

    def __init__(self, tower: nn.Module) -> None:
        super().__init__()
        self.tower = tower

    def train(self, mode: bool = True) -> "_Tower":
        super().train(mode)
        for part in self.modules():
            if isinstance(part, NORMS):
                part.eval()
        return self


@dataclass(frozen=True)
class Frozen:
    """A whole model as it was: the same modules wear other weights while they embed.

    A tower's functions are bound to its modules, so a copy of the modules would not be used.
    """

    model: WholeModel
    weights: Mapping[str, Tensor]

    @property
    def module(self) -> nn.Module:
        """The modules that wear the weights in turn."""
        return self.model.module

    @property
    def dim(self) -> int:
        """Size of the joint space."""
        return self.model.dim

    def images(self, rows: Rows) -> Tensor:
        """Return the image tower's output as it was, (B, D), without a gradient."""
        with _worn(self.module, self.weights):
            return self.model.images(rows)

    def texts(self, rows: Rows) -> Tensor:
        """Return the text tower's output as it was, (B, D), without a gradient."""
        with _worn(self.module, self.weights):
            return self.model.texts(rows)

    def meanings(self, rows: Rows) -> Tensor:
        """Return the text tower's output as it was, (B, D), without a gradient."""
        return self.texts(rows)

    def groups(self, config: TrainingConfig) -> list[Group]:
        """Nothing learns."""
        return []

    def frozen(self) -> "Frozen":
        """Return itself."""
        return self


@contextmanager
def _worn(module: nn.Module, weights: Mapping[str, Tensor]) -> Iterator[None]:
    """Let modules wear other weights. Only where the weights lie changes, not what lies there, so
    that a graph which was built before still finds its own."""
    own = {name: weight.data for name, weight in module.named_parameters()}
    training = module.training
    try:
        for name, weight in module.named_parameters():
            weight.data = weights[name]
        module.eval()
        with torch.no_grad():
            yield
    finally:
        module.train(training)
        for name, weight in module.named_parameters():
            weight.data = own[name]
