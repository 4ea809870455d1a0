"""Keep a moving average of the weights, which validates and is published in their place.

Knows tensors by name; knows no model. Averages of weights generalise better than their last state
(Izmailov et al., arXiv 1803.05407; RzenEmbed, arXiv 2510.27350, for retrievers).
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

Weights = dict[str, Tensor]


def copied(state: Weights) -> Weights:
    """Return a state's tensors, apart from those that are still in training."""
    return {name: tensor.detach().clone() for name, tensor in state.items()}


class Average:
    """An exponential moving average; with decay 0 it is the weights themselves, and costs nothing.

    At step t the decay is at most (1 + t) / (10 + t), so that a short training is not held back by
    where it began.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self._module, self._decay = module, decay
        self.weights: Weights = copied(module.state_dict()) if decay else {}

    @torch.no_grad()
    def follow(self, step: int) -> None:
        """Take in the weights after `step` steps, 1 for the first."""
        share = 1 - min(self._decay, (1 + step) / (10 + step))
        state = self._module.state_dict() if self.weights else {}
        for name, tensor in state.items():
            kept = self.weights[name]
            if kept.is_floating_point():
                kept.lerp_(tensor, share)
            else:
                kept.copy_(tensor)

    def current(self) -> Weights:
        """Return what validates and is published: the average, or the weights."""
        return self.weights or self._module.state_dict()

    @contextmanager
    def worn(self) -> Iterator[None]:
        """Let the module wear the average for a while."""
        if not self.weights:
            yield
            return
        own = copied(self._module.state_dict())
        self._module.load_state_dict(self.weights)
        try:
            yield
        finally:
            self._module.load_state_dict(own)
