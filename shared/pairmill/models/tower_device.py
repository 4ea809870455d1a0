"""Run a locked tower where this machine is fastest: a GPU, or lanes of one core each.

Knows devices and batches; knows no architecture.
"""

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pairmill.models.tower_lanes import Lanes
from pairmill.models.tower_parts import ImagePart, TextPart

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}

TEXTS_AT_ONCE = 8
"""Texts that pass a core together; an image passes alone."""


class Device:
    """Runs towers without gradients; equal rows in equal batches give equal bytes.

    On a GPU a whole batch passes at once, in `precision`; on a CPU pieces of a fixed number of
    rows, each on one core, in float32 whatever `precision` says, so that neither the batch nor the
    number of threads changes a byte.
    """

    def __init__(self, *, threads: int, precision: str) -> None:
        self.name = "cuda" if torch.cuda.is_available() else "cpu"
        self._threads, self._dtype = threads, PRECISIONS[precision]
        if self.name == "cuda":
            torch.backends.cudnn.deterministic = True
            torch.backends.cudnn.benchmark = False

    def place(self, module: nn.Module) -> None:
        """Lock a module and bring it to the device."""
        module.eval().requires_grad_(False).to(self.name)

    def see(self, part: ImagePart, pixels_BSSC: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return what a part sees in pixels, as its `fit` makes them, (B, part.dim)."""
        return self.run(part.encode, torch.tensor(pixels_BSSC), dim=part.dim, piece=1)

    def read(self, part: TextPart, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return what a part reads in texts, (B, part.dim), not normalised."""
        tokens_BL = part.tokenise(texts or [""])[: len(texts)]
        return self.run(part.encode, tokens_BL, dim=part.dim, piece=TEXTS_AT_ONCE)

    def run(
        self, encode: Callable[[Tensor], Tensor], rows: Tensor, *, dim: int, piece: int
    ) -> NDArray[np.float32]:
        """Return what `encode` makes of the rows, (len(rows), dim) float32.

        piece: rows that pass a core at once.
        """
        if not len(rows):
            return np.zeros((0, dim), np.float32)
        found: NDArray[np.float32]
        if self.name == "cpu":
            found = torch.cat(self._lanes.map(encode, torch.split(rows, piece))).numpy()
            return found
        autocast = self._dtype != torch.float32
        with torch.inference_mode(), torch.autocast(self.name, self._dtype, enabled=autocast):
            found = encode(rows.to(self.name)).float().cpu().numpy()
        return found

    @cached_property
    def _lanes(self) -> Lanes:
        return Lanes(self._threads)
