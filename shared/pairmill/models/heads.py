"""Heads: small maps from the locked towers' features into the one shared space.

Knows tensors and their names; knows no tower, no file and no loss.

    B batch, F image features, T text features, H hidden, D shared space

A head is a linear map plus a residual MLP whose last layer starts at zero (so a new head is its
linear map), one for images and one for texts, as in reference LiT (arXiv 2111.07991: towers
locked) and MMRet-CLIP (arXiv 2412.14475, section 3.2: image and text summed, then normalised).
Image features are standardised first, by constants that ship with the head.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pairmill.core.errors import WeightsError

Arrays = Mapping[str, NDArray[Any]]
STANDARDISED_LIMIT = 10.0
"""Standardised features are clipped to ±10: one dead channel must not drown the others."""


class Head(nn.Module):
    """One linear map plus a residual MLP, (B, in) to (B, D); not normalised."""

    def __init__(self, num_in: int, num_out: int, num_hidden: int) -> None:
        super().__init__()
        self.linear = nn.Linear(num_in, num_out)
        last = nn.Linear(num_hidden, num_out)
        self.residual = nn.Sequential(nn.Linear(num_in, num_hidden), nn.GELU(), last)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)

    def forward(self, features_BI: Tensor) -> Tensor:
        """Return the head's output, (B, D)."""
        out_BD: Tensor = self.linear(features_BI) + self.residual(features_BI)
        return out_BD


@dataclass(frozen=True, kw_only=True)
class HeadsShape:
    """Sizes of both heads: image features, text features, shared space, hidden layer."""

    image_dim: int
    text_dim: int
    dim: int
    num_hidden: int


class Heads(nn.Module):
    """The image head, the text head and the constants that standardise image features."""

    mean: Tensor
    std: Tensor

    def __init__(self, shape: HeadsShape) -> None:
        super().__init__()
        self.shape = shape
        self.register_buffer("mean", torch.zeros(shape.image_dim))
        self.register_buffer("std", torch.ones(shape.image_dim))
        self.image = Head(shape.image_dim, shape.dim, shape.num_hidden)
        self.text = Head(shape.text_dim, shape.dim, shape.num_hidden)

    def standardise(self, features_BF: Tensor) -> Tensor:
        """Return (features - mean) / std, clipped."""
        scaled_BF = (features_BF - self.mean) / self.std
        return scaled_BF.clamp(-STANDARDISED_LIMIT, STANDARDISED_LIMIT)

    def images(self, features_BF: Tensor) -> Tensor:
        """Return the image head's output for raw image features, (B, D); not normalised."""
        out_BD: Tensor = self.image(self.standardise(features_BF))
        return out_BD

    def texts(self, features_BT: Tensor) -> Tensor:
        """Return the text head's output for raw text features, (B, D); not normalised."""
        out_BD: Tensor = self.text(features_BT)
        return out_BD


def load_heads(arrays: Arrays, *, num_hidden: int = 0) -> Heads:
    """Return heads from tensors by name, float32.

    Absent residual tensors mean a residual of zero with `num_hidden` units (at least one), whose
    first layer is drawn from a fixed seed. Raises WeightsError for missing, unknown or misshapen
    tensors.
    """
    heads = Heads(_shape(arrays, num_hidden))
    state = {name: torch.from_numpy(np.array(a, np.float32)) for name, a in arrays.items()}
    _fill_residuals(heads, state)
    try:
        heads.load_state_dict(state)
    except RuntimeError as error:
        raise WeightsError(f"the head's tensors do not fit: {error}; fetch the head anew") from None
    if not all(torch.isfinite(tensor).all() for tensor in heads.state_dict().values()):
        raise WeightsError("the head holds values that are not finite; fetch the head anew")
    return heads


def head_arrays(heads: Heads) -> dict[str, NDArray[np.float32]]:
    """Return the tensors of heads by name, float32, in order of names."""
    state = heads.state_dict()
    return {name: state[name].detach().cpu().numpy().copy() for name in sorted(state)}


def _shape(arrays: Arrays, num_hidden: int) -> HeadsShape:
    missing = {"mean", "std", "image.linear.weight", "text.linear.weight"} - set(arrays)
    if missing:
        raise WeightsError(f"the head lacks {', '.join(sorted(missing))}; fetch the head anew")
    dim, image_dim = arrays["image.linear.weight"].shape
    hidden = arrays["image.residual.0.bias"].size if "image.residual.0.bias" in arrays else 0
    return HeadsShape(image_dim=image_dim, text_dim=arrays["text.linear.weight"].shape[1],
                      dim=dim, num_hidden=hidden or max(num_hidden, 1))  # fmt: skip


def _fill_residuals(heads: Heads, state: dict[str, Tensor]) -> None:
    """Draw absent first layers from a fixed seed; absent last layers stay zero."""
    for name, tensor in heads.state_dict().items():
        if ".residual." not in name or name in state:
            continue
        state[name] = torch.zeros_like(tensor)
        if name.endswith(".residual.0.weight"):
            generator = torch.Generator().manual_seed(len(name))
            state[name] = torch.randn(tensor.shape, generator=generator) / tensor.shape[1] ** 0.5
