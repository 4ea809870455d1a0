"""Cross entropies of rows over candidates, some of them masked, rows weighing alike or not.

Knows logits and labels; knows no embedding and no batch.

    B rows, C candidates
"""

import torch
from torch import Tensor
from torch.nn import functional


def info_nce(
    logits_BC: Tensor, positives_B: Tensor, masked_BC: Tensor, weights_B: Tensor | None = None
) -> Tensor:
    """Return the mean over rows of -log softmax at the positive, with masked columns left out.

    InfoNCE (arXiv 1807.03748, equation 4). logits: cosine / temperature. The positive's own
    column must not be masked. weights: of the rows, > 0; None: all alike. Range: [0, inf).
    """
    logits_BC = logits_BC.masked_fill(masked_BC, float("-inf"))
    if weights_B is None:
        return functional.cross_entropy(logits_BC, positives_B)
    return _mean(functional.cross_entropy(logits_BC, positives_B, reduction="none"), weights_B)


def soft_cross_entropy(
    logits_BC: Tensor, labels_BC: Tensor, masked_BC: Tensor, weights_B: Tensor | None = None
) -> Tensor:
    """Return the same for labels that are shares of several candidates, none of them masked."""
    logs_BC = torch.log_softmax(logits_BC.masked_fill(masked_BC, float("-inf")), dim=1)
    found_B = (labels_BC * logs_BC.masked_fill(masked_BC, 0.0)).sum(dim=1)
    return (found_B.mean() if weights_B is None else _mean(found_B, weights_B)).neg()


def shares_of(logits_BC: Tensor, mute_BC: Tensor) -> Tensor:
    """Return a softmax over the columns that are not mute; a row that is all mute gives none. No
    gradient flows."""
    shares_BC = torch.softmax(logits_BC.masked_fill(mute_BC, float("-inf")), dim=1)
    return shares_BC.nan_to_num(0.0).detach()


def _mean(values_B: Tensor, weights_B: Tensor) -> Tensor:
    return (values_B * weights_B).sum() / weights_B.sum()
