"""Choose the precision in which a model embeds. Knows devices; knows no model."""

from contextlib import AbstractContextManager, nullcontext

import torch

from pairmill.config import TrainingConfig


def uses_bf16(precision: str, device: torch.device) -> bool:
    """Say whether embeddings are made in bf16: where asked for, or `auto` finds hardware for it.

    `auto` therefore gives other bytes on other hardware. On CPUs it wants avx512_bf16 or AMX:
    without them bf16 is slower than float32.
    """
    if precision != "auto":
        return precision == "bf16"
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def embedding_context(
    config: TrainingConfig, device: torch.device
) -> AbstractContextManager[object]:
    """Return what a model's forward passes run in. Weights, gradients of weights, losses and
    optimiser stay float32, so nothing needs scaling: bf16 has float32's range."""
    if uses_bf16(config.precision, device):
        return torch.autocast(device.type, dtype=torch.bfloat16)
    return nullcontext()
