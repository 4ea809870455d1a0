"""Validate heads on held-out triplets: recall@1 among the held-out images.

Knows heads, features and rows; knows no benchmark and no training.

    Q queries, G gallery images, D shared space
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from pairmill.core.ids import order_key
from pairmill.models.examples import ABSENT, Captioned, Rows, TrainingData, Triplets
from pairmill.models.heads import Heads

QUERIES_AT_ONCE = 1024
"""Bounds memory: 1024 queries over 100,000 gallery images are 400 MB of scores."""

NOBODY = -1


@torch.no_grad()
def validate(heads: Heads, data: TrainingData) -> dict[str, float]:
    """Return recall@1, in [0, 1], of the queries `composed`, `image_only`, `text_only` and
    `text_to_image` (a caption asks for its image); a kind without queries is left out.

    Every triplet asks with one of its instructions, which its id decides. The query image is
    removed from its ranking, and of equal scores the target's rank is the worst.
    """
    if not len(data.gallery):
        return {}
    out_GD = heads.images(torch.from_numpy(data.features.images_NF[data.gallery]))
    scores: dict[str, float] = {}
    if len(data.validation):
        scores |= _triplets(heads, data, out_GD)
    asked = _telling(data.validation_captions)
    if len(asked):
        texts_QD = heads.texts(torch.from_numpy(data.features.texts_MT[asked.texts_P]))
        targets = _places(asked.images_P, data.gallery)
        nobody = np.full(len(asked), NOBODY)
        scores["text_to_image"] = recall_at_1(texts_QD, out_GD, targets, nobody)
    return scores


def recall_at_1(queries_QD: Tensor, gallery_GD: Tensor, targets_Q: Rows, removed_Q: Rows) -> float:
    """Return the share of queries whose target scores above everything else, by cosine.

    targets, removed: places in the gallery; NOBODY removes nothing. A tie counts as a miss.
    """
    gallery_GD = functional.normalize(gallery_GD, dim=1)
    found = 0
    for start in range(0, len(queries_QD), QUERIES_AT_ONCE):
        part = slice(start, start + QUERIES_AT_ONCE)
        scores_QG = functional.normalize(queries_QD[part], dim=1) @ gallery_GD.T
        rows = torch.arange(len(scores_QG))
        removed, targets = torch.from_numpy(removed_Q[part]), torch.from_numpy(targets_Q[part])
        right_Q = scores_QG[rows, targets]
        scores_QG[rows[removed >= 0], removed[removed >= 0]] = float("-inf")
        scores_QG[rows, targets] = float("-inf")
        found += int((right_Q > scores_QG.amax(dim=1)).sum())
    return found / len(queries_QD)


def _triplets(heads: Heads, data: TrainingData, out_GD: Tensor) -> dict[str, float]:
    asked = data.validation
    queries = _places(asked.queries_P, data.gallery)
    targets = _places(asked.targets_P, data.gallery)
    images_QD = out_GD[torch.from_numpy(queries)]
    texts_QD = heads.texts(torch.from_numpy(data.features.texts_MT[_one_each(asked)]))
    kinds = {"composed": images_QD + texts_QD, "image_only": images_QD, "text_only": texts_QD}
    return {k: recall_at_1(x_QD, out_GD, targets, queries) for k, x_QD in kinds.items()}


def _places(rows: Rows, gallery: Rows) -> Rows:
    """Return where each row stands in the gallery; all must."""
    order = np.argsort(gallery, kind="stable")
    places: Rows = order[np.searchsorted(gallery, rows, sorter=order)]
    assert np.array_equal(gallery[places], rows), "a validation image is not in the gallery"
    return places


def _one_each(asked: Triplets) -> Rows:
    """Return one instruction of every triplet, as its id decides."""
    num = (asked.instructions_PI != ABSENT).sum(axis=1)
    keys = np.array([int(order_key(0, "validate", i)[:8], 16) for i in asked.ids])
    chosen: Rows = asked.instructions_PI[np.arange(len(num)), keys % num]
    return chosen


def _telling(captions: Captioned) -> Captioned:
    """Return the captions that belong to one image alone: only those have one right answer."""
    _, inverse, counts = np.unique(captions.texts_P, return_inverse=True, return_counts=True)
    kept = np.flatnonzero(counts[inverse] == 1) if len(captions) else np.zeros(0, np.int64)
    return Captioned(ids=tuple(captions.ids[i] for i in kept), images_P=captions.images_P[kept],
                     texts_P=captions.texts_P[kept])  # fmt: skip
