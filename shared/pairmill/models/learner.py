"""What the optimiser moves: a model's weights and the temperature. Knows no loss and no data."""

import math

import torch
from torch import Tensor, nn

from pairmill.config import TrainingConfig
from pairmill.models.model import Model

HOTTEST, COLDEST = 1.0, 0.01
"""Bounds of a learnt temperature; CLIP's scale is never above 100 (arXiv 2103.00020, 2.5)."""

TEMPERATURE_SHARE = 50.0
"""Of the learning rate. Adam moves a weight by about the rate a step: at 2e-4 the temperature may
change by one percent a step, and with the share of a head it would stand still."""


class Learner(nn.Module):
    """A model's weights beside the logarithm of 1 / temperature."""

    def __init__(self, model: Model, config: TrainingConfig) -> None:
        super().__init__()
        self.model = model.module
        device = next(model.module.parameters()).device
        start = torch.tensor(-math.log(config.temperature), device=device)
        self.log_scale = nn.Parameter(start, requires_grad=config.learnable_temperature)
        self._scale = 1 / config.temperature

    def scale(self) -> Tensor:
        """Return 1 / temperature; with a gradient where it is learnt."""
        if not self.log_scale.requires_grad:
            return torch.tensor(self._scale, device=self.log_scale.device)
        return self.log_scale.exp()

    @torch.no_grad()
    def clamp(self) -> None:
        """Bring the temperature back within its bounds."""
        if self.log_scale.requires_grad:
            self.log_scale.clamp_(-math.log(HOTTEST), -math.log(COLDEST))

    @property
    def temperature(self) -> float:
        """The temperature as it stands."""
        return 1 / float(self.scale().detach())


def optimiser_of(learner: Learner, model: Model, config: TrainingConfig) -> torch.optim.AdamW:
    """Return AdamW (arXiv 1711.05101) over the model's groups; the temperature never decays."""
    groups = model.groups(config)
    if learner.log_scale.requires_grad:
        groups = [*groups, {"params": [learner.log_scale], "share": TEMPERATURE_SHARE,
                            "weight_decay": 0.0}]  # fmt: skip
    return torch.optim.AdamW(
        groups, lr=config.learning_rate, weight_decay=config.weight_decay, fused=True
    )
