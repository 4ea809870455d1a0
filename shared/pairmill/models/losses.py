"""Losses: named terms over embeddings, and the masks that keep false negatives out.

Knows unit vectors and what is the same as what; knows no image, no head and no batch order.

    B queries of a batch, C candidates, K negatives a query, D shared space
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True, kw_only=True)
class ComposeBatch:
    """Embeddings of one step of composed retrieval; all unit vectors.

    Each query's negatives hold the query image first. ids: integers that are equal where two
    rows show the same image; negative_valid is False where a query has fewer negatives than K.
    """

    queries_BD: Tensor
    targets_BD: Tensor
    negatives_BKD: Tensor
    target_ids_B: Tensor
    negative_ids_BK: Tensor
    negative_valid_BK: Tensor


@dataclass(frozen=True, kw_only=True)
class AlignBatch:
    """Images and their captions, unit vectors; ids are equal where the captions (or the images)
    are the same."""

    images_BD: Tensor
    texts_BD: Tensor
    image_ids_B: Tensor
    text_ids_B: Tensor


def info_nce(logits_BC: Tensor, positives_B: Tensor, masked_BC: Tensor) -> Tensor:
    """Return the mean over rows of -log softmax at the positive, with masked columns left out.

    InfoNCE (arXiv 1807.03748, equation 4). logits: cosine / temperature. The positive's own
    column must not be masked. Range: [0, inf).
    """
    logits_BC = logits_BC.masked_fill(masked_BC, float("-inf"))
    return functional.cross_entropy(logits_BC, positives_B)


def same_target_mask(ids_B: Tensor, candidate_ids_C: Tensor) -> Tensor:
    """Return (B, C): True where a candidate is the row's own target, wherever it stands."""
    return ids_B[:, None] == candidate_ids_C[None, :]


def false_negative_mask(scores_BC: Tensor, positives_B: Tensor, margin: float) -> Tensor:
    """Return (B, C): True where a candidate scores above the positive by more than `margin`.

    Qwen3-VL-Embedding (arXiv 2601.04720) masks in-batch cosines above positive + 0.1: such a
    "negative" probably fits as well. margin: in cosine, >= 0. No gradient flows.
    """
    scores_BC = scores_BC.detach()
    positive_B1 = scores_BC.gather(1, positives_B[:, None])
    return scores_BC > positive_B1 + margin


def compose_loss(batch: ComposeBatch, *, temperature: float, margin: float) -> Tensor:
    """InfoNCE of composed queries over all targets of the batch and each query's own negatives.

    Candidates are the B targets, then the row's K negatives, the query image first among them:
    the one negative that is never masked as false, since returning the query itself is the
    failure it is there to prevent (MegaPairs, arXiv 2412.14475, table 4: CIRCO 10.1 to 29.7).
    temperature: > 0, 0.02 in the paper.
    """
    num_rows = len(batch.queries_BD)
    in_batch_BB = batch.queries_BD @ batch.targets_BD.T
    own_BK = torch.einsum("bd,bkd->bk", batch.queries_BD, batch.negatives_BKD)
    scores_BC = torch.cat([in_batch_BB, own_BK], dim=1)
    positives_B = torch.arange(num_rows, device=scores_BC.device)
    same_BC = torch.cat(
        [
            same_target_mask(batch.target_ids_B, batch.target_ids_B),
            batch.negative_ids_BK == batch.target_ids_B[:, None],
        ],
        dim=1,
    )
    false_BC = false_negative_mask(scores_BC, positives_B, margin)
    false_BC[:, num_rows] = False
    absent_BC = torch.cat([torch.zeros_like(in_batch_BB, dtype=torch.bool),
                           ~batch.negative_valid_BK], dim=1)  # fmt: skip
    masked_BC = same_BC | false_BC | absent_BC
    masked_BC[positives_B, positives_B] = False
    return info_nce(scores_BC / temperature, positives_B, masked_BC)


def align_loss(batch: AlignBatch, *, temperature: float) -> Tensor:
    """Symmetric InfoNCE of images and captions (CLIP, arXiv 2103.00020, figure 3).

    Rows that share the image or the caption are masked: they fit as well as the positive.
    """
    scores_BB = batch.images_BD @ batch.texts_BD.T
    positives_B = torch.arange(len(scores_BB), device=scores_BB.device)
    masked_BB = same_target_mask(batch.text_ids_B, batch.text_ids_B)
    masked_BB = masked_BB | same_target_mask(batch.image_ids_B, batch.image_ids_B)
    masked_BB[positives_B, positives_B] = False
    to_text = info_nce(scores_BB / temperature, positives_B, masked_BB)
    to_image = info_nce(scores_BB.T / temperature, positives_B, masked_BB.T)
    return (to_text + to_image) / 2


def weighted_sum(terms: Mapping[str, tuple[float, Tensor]]) -> Tensor:
    """Return the sum of weight x term; terms of weight zero take no part."""
    return torch.stack([weight * term for weight, term in terms.values() if weight]).sum()
