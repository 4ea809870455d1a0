"""Losses: named terms over embeddings, and the masks that keep false negatives out.

Knows unit vectors and what is the same as what; knows no image, no head and no batch order.

    B queries of a batch, C candidates, K negatives a query, D shared space
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from pairmill.models.entropy import info_nce, shares_of, soft_cross_entropy

LEAST_SHARE = 1e-6
"""Of a negative that fits for certain: a weight of 0 has no logarithm."""


@dataclass(frozen=True, kw_only=True)
class Sharpness:
    """How scores become logits and labels.

    scale: 1 / temperature, > 0; a tensor that takes a gradient where the temperature is learnt.
    margin: in cosine; in-batch negatives nearer than the positive by more are masked. hardness:
    negatives weigh exp(hardness x cosine); 0 weighs all alike. soft: share of the labels that the
    teacher's scores give out, in [0, 1], by a softmax at `soft_scale`.
    """

    scale: Tensor
    margin: float
    hardness: float = 0.0
    soft: float = 0.0
    soft_scale: float = 1.0


@dataclass(frozen=True, kw_only=True)
class ComposeBatch:
    """Embeddings of one step of composed retrieval; all unit vectors.

    ids: integers that are equal where two rows show the same image; negative_valid is False where
    a query has fewer negatives than K. firm: negatives that are wrong for certain (the query
    image, another edit of it), which no margin masks. teacher: how well each candidate fits in
    the teacher's eyes, a cosine, or -inf where it cannot say; None where there is no teacher.
    weights: what each row counts, > 0; doubts: how likely each negative fits all the same, in
    [0, 1]; None: all count whole, none does.
    """

    queries_BD: Tensor
    targets_BD: Tensor
    negatives_BKD: Tensor
    target_ids_B: Tensor
    negative_ids_BK: Tensor
    negative_valid_BK: Tensor
    firm_BK: Tensor
    teacher_BC: Tensor | None = None
    weights_B: Tensor | None = None
    doubts_BK: Tensor | None = None

    def cut(self, dim: int) -> "ComposeBatch":
        """Return the batch on the first `dim` dimensions, of unit norm again."""
        return replace(self, queries_BD=_cut(self.queries_BD, dim),
                       targets_BD=_cut(self.targets_BD, dim),
                       negatives_BKD=_cut(self.negatives_BKD, dim))  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class AlignBatch:
    """Images and their captions, unit vectors; ids are equal where the captions (or the images)
    are the same."""

    images_BD: Tensor
    texts_BD: Tensor
    image_ids_B: Tensor
    text_ids_B: Tensor

    def cut(self, dim: int) -> "AlignBatch":
        """Return the batch on the first `dim` dimensions, of unit norm again."""
        return replace(self, images_BD=_cut(self.images_BD, dim), texts_BD=_cut(self.texts_BD, dim))


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


def compose_loss(batch: ComposeBatch, sharpness: Sharpness) -> Tensor:
    """InfoNCE of composed queries over all targets of the batch and each query's own negatives.

    Candidates are the B targets, then the row's K negatives, the query image first among them:
    the one negative that is never masked as false, since returning the query itself is the
    failure it is there to prevent (MegaPairs, arXiv 2412.14475, table 4: CIRCO 10.1 to 29.7).
    With a hardness, negative j's term is weighted by exp(hardness x cosine_j), no gradient through
    the weight (LLaVE, arXiv 2503.04812: hardness 9); with doubts, by one less its doubt.
    """
    in_batch_BB = batch.queries_BD @ batch.targets_BD.T
    own_BK = torch.einsum("bd,bkd->bk", batch.queries_BD, batch.negatives_BKD)
    scores_BC = torch.cat([in_batch_BB, own_BK], dim=1)
    positives_B = torch.arange(len(in_batch_BB), device=scores_BC.device)
    masked_BC = _compose_mask(batch, scores_BC, positives_B, sharpness.margin)
    logits_BC = scores_BC * sharpness.scale
    if sharpness.hardness:
        extra_BC = sharpness.hardness * scores_BC.detach()
        logits_BC = logits_BC + extra_BC.scatter(1, positives_B[:, None], 0.0)
    if batch.doubts_BK is not None:
        logits_BC = logits_BC + _discounts(batch.doubts_BK, len(in_batch_BB))
    if not sharpness.soft or batch.teacher_BC is None:
        return info_nce(logits_BC, positives_B, masked_BC, batch.weights_B)
    none_BB = torch.zeros_like(in_batch_BB, dtype=torch.bool)
    mute_BC = masked_BC | torch.cat([none_BB, batch.firm_BK], dim=1)
    shares_BC = shares_of(batch.teacher_BC * sharpness.soft_scale, mute_BC) * sharpness.soft
    hard_BC = functional.one_hot(positives_B, scores_BC.shape[1]) * (1.0 - sharpness.soft)
    return soft_cross_entropy(logits_BC, shares_BC + hard_BC, masked_BC, batch.weights_B)


def align_loss(batch: AlignBatch, scale: Tensor) -> Tensor:
    """Symmetric InfoNCE of images and captions (CLIP, arXiv 2103.00020, figure 3).

    Rows that share the image or the caption are masked: they fit as well as the positive.
    """
    logits_BB = batch.images_BD @ batch.texts_BD.T * scale
    positives_B = torch.arange(len(logits_BB), device=logits_BB.device)
    masked_BB = same_target_mask(batch.text_ids_B, batch.text_ids_B)
    masked_BB = masked_BB | same_target_mask(batch.image_ids_B, batch.image_ids_B)
    masked_BB[positives_B, positives_B] = False
    to_text = info_nce(logits_BB, positives_B, masked_BB)
    to_image = info_nce(logits_BB.T, positives_B, masked_BB.T)
    return (to_text + to_image) / 2


def keep_loss(images_BD: Tensor, before_BD: Tensor, scale: float) -> Tensor:
    """KL divergence from how alike distinct images were before training to how alike they are.

    Both: unit vectors of the same images. Each image's likeness to the others is a softmax of
    cosines x scale, itself left out (as SEED distils, arXiv 2101.04731). Range:
    [0, inf), 0 where nothing moved.
    """
    itself_BB = torch.eye(len(images_BD), dtype=torch.bool, device=images_BD.device)
    shares_BB = shares_of(before_BD @ before_BD.T * scale, itself_BB)
    logits_BB = images_BD @ images_BD.T * scale
    at_least = soft_cross_entropy(shares_BB.log(), shares_BB, shares_BB == 0)
    return soft_cross_entropy(logits_BB, shares_BB, itself_BB) - at_least


def weighted_sum(terms: Mapping[str, tuple[float, Tensor]]) -> Tensor:
    """Return the sum of weight x term; terms of weight zero take no part."""
    return torch.stack([weight * term for weight, term in terms.values() if weight]).sum()


def _compose_mask(
    batch: ComposeBatch, scores_BC: Tensor, positives_B: Tensor, margin: float
) -> Tensor:
    """Return (B, C): True where a candidate is no negative of the row, nor its positive."""
    ids_B = batch.target_ids_B
    own_BK = batch.negative_ids_BK == ids_B[:, None]
    same_BC = torch.cat([same_target_mask(ids_B, ids_B), own_BK], dim=1)
    false_BC = false_negative_mask(scores_BC, positives_B, margin)
    num_rows = len(ids_B)
    false_BC[:, num_rows:] &= ~batch.firm_BK
    same_BC[:, num_rows:] |= ~batch.negative_valid_BK
    masked_BC = same_BC | false_BC
    masked_BC[positives_B, positives_B] = False
    return masked_BC


def _discounts(doubts_BK: Tensor, num_rows: int) -> Tensor:
    """Return what is added to logits, (B, B + K), so that a negative weighs one less its doubt."""
    logs_BK = torch.log1p(-doubts_BK.clamp(max=1 - LEAST_SHARE))
    return torch.cat([logs_BK.new_zeros(len(logs_BK), num_rows), logs_BK], dim=1)


def _cut(vectors: Tensor, dim: int) -> Tensor:
    if dim == vectors.shape[-1]:
        return vectors  # they are of unit norm already
    return functional.normalize(vectors[..., :dim], dim=-1)
