"""What the training loop sees of a retriever: rows of images and of texts become embeddings.

Knows heads and cached features; knows no loss and no optimiser. `whole.py` has the other kind of
model, whose image rows are pixels and whose towers learn, too.

    B rows of a batch, D shared space
"""

import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pairmill.config import TrainingConfig
from pairmill.models.examples import Features, Rows
from pairmill.models.heads import Heads

Group = dict[str, Any]
"""Parameters with their share of the learning rate and, where it differs, their weight decay."""


class Model(Protocol):
    """A retriever in training. Outputs are not normalised: a composed query is their sum."""

    @property
    def module(self) -> nn.Module:
        """Everything that is learnt, and what is kept of it."""
        ...

    @property
    def dim(self) -> int:
        """Size of the embeddings."""
        ...

    def images(self, rows: Rows) -> Tensor:
        """Return the embeddings of images, (B, D)."""
        ...

    def texts(self, rows: Rows) -> Tensor:
        """Return the embeddings of texts, (B, D)."""
        ...

    def meanings(self, rows: Rows) -> Tensor:
        """Return what tells how alike two texts are, whatever the images, (B, any)."""
        ...

    def groups(self, config: TrainingConfig) -> list[Group]:
        """Return the parameters that learn, grouped by their rate."""
        ...

    def frozen(self) -> "Model":
        """Return a copy as it is now, which does not learn."""
        ...


@dataclass(frozen=True)
class HeadsModel:
    """Heads on cached features of locked towers: training costs minutes on a CPU.

    noise, text_noise: standard deviations of what is added to features while training. It keeps
    heads from knowing known images and words by their finest traits, which unseen ones lack.
    locked: whether the image head stays as it is, and words alone learn.
    """

    heads: Heads
    features: Features
    noise: float = 0.0
    text_noise: float = 0.0
    locked: bool = False

    @property
    def module(self) -> Heads:
        """The two heads."""
        return self.heads

    @property
    def dim(self) -> int:
        """Size of the shared space."""
        return self.heads.shape.dim

    def images(self, rows: Rows) -> Tensor:
        """Return the image head's output, (B, D)."""
        features_BF = self._taken(self.features.images_NF, rows)
        return self.heads.images(self._blurred(features_BF, self.noise * self.heads.std))

    def texts(self, rows: Rows) -> Tensor:
        """Return the text head's output, (B, D)."""
        features_BT = self._taken(self.features.texts_MT, rows)
        return self.heads.texts(self._blurred(features_BT, self.text_noise * self._text_std))

    def meanings(self, rows: Rows) -> Tensor:
        """Return the text tower's own features, (B, T): it has seen more words than any head."""
        return self._taken(self.features.texts_MT, rows)

    def groups(self, config: TrainingConfig) -> list[Group]:
        """Words may move fast; an image head that does loses what it tells unseen things apart
        by."""
        return head_groups(self.heads, config, locked=self.locked)

    def frozen(self) -> "HeadsModel":
        """Return a copy as it is now, which does not learn."""
        return HeadsModel(copy.deepcopy(self.heads).eval().requires_grad_(False), self.features)

    @cached_property
    def _text_std(self) -> Tensor:
        return torch.from_numpy(self.features.texts_MT.std(axis=0)).to(self.heads.mean.device)

    def _blurred(self, features_BF: Tensor, by_F: Tensor) -> Tensor:
        """Return features with noise while training, and as they are where there is none."""
        if not self.heads.training or not by_F.any():
            return features_BF
        return features_BF + by_F * torch.randn_like(features_BF)

    def _taken(self, features_NF: NDArray[np.float32], rows: Rows) -> Tensor:
        return torch.from_numpy(features_NF[rows]).to(self.heads.mean.device)


def head_groups(heads: Heads, config: TrainingConfig, *, locked: bool = False) -> list[Group]:
    """Return the parameters of both heads with their shares of the learning rate; a locked image
    head has none, so that neither step nor decay moves it."""
    return [
        {"params": list(heads.image.parameters()), "share": 0.0 if locked else 1.0},
        {"params": list(heads.text.parameters()), "share": config.text_rate},
    ]
