"""Validate a model on what was held out, and say what its recall is worth.

Knows a model and rows; knows no benchmark and no training.

    Q queries, G gallery images, D shared space
"""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from pairmill.core.ids import order_key
from pairmill.models.examples import ABSENT, Captioned, Rows, TrainingData, Triplets
from pairmill.models.model import Model

ROWS_AT_ONCE = 1024
"""Bounds memory: 1024 queries over 100,000 gallery images are 400 MB of scores."""

NOBODY = -1

Scores = dict[str, float]
DECIDING = ("composed", "edits", "text_to_image", "image_to_image")
"""What a retriever is there for; the others are controls, which tell how it does it."""


def score(row: Mapping[str, object]) -> float:
    """Return what decides which state is best: the mean recall@1 of the deciding kinds that there
    are, in [0, 1]; 0 where there is none.

    Learning to compose must not be paid for with plain search: a loss there weighs as much as a
    gain here.
    """
    found = [float(str(row[kind])) for kind in DECIDING if kind in row]
    return sum(found) / len(found) if found else 0.0


def admissible(
    scores: Mapping[str, object], untrained: Mapping[str, object], tolerance: float
) -> bool:
    """Say whether image search still works: its recall@1 fell by no more than the tolerance.

    A guard of its own, since the images that a user brings are less like the held-out ones than
    those are like the learnt ones: what falls here falls deeper there.
    """
    before, after = untrained.get("image_to_image"), scores.get("image_to_image")
    if before is None or after is None:
        return True
    return float(str(after)) >= float(str(before)) - tolerance


@torch.no_grad()
def validate(model: Model, data: TrainingData) -> Scores:
    """Return recall@1, in [0, 1], by kind of query; a kind without queries is left out.

    `composed`, `image_only`, `text_only`: mined triplets, which must find their target.
    `image_to_image`: every image of a mined triplet asks alone, once; any partner is right.
    `edits`: triplets of edits, among the gallery and the edits of its images.
    `text_to_image`: a caption asks for its image.

    A triplet asks with one of its instructions, which its id decides. The query image is removed
    from its ranking, and of equal scores the target's rank is the worst.
    """
    if not len(data.gallery):
        return {}
    model.module.eval()
    out_GD = _embedded(model.images, data.gallery)
    scores: Scores = {}
    if len(data.validation):
        scores |= _triplets(model, data.validation, data.gallery, out_GD)
        scores["image_to_image"] = _partners(data.validation, data.gallery, out_GD)
    if len(data.validation_edits):
        more = np.setdiff1d(data.edit_gallery, data.gallery)  # an edit may equal an image
        both = np.concatenate([data.gallery, more])
        among_GD = torch.cat([out_GD, _embedded(model.images, more)])
        scores["edits"] = _triplets(model, data.validation_edits, both, among_GD)["composed"]
    asked = _telling(data.validation_captions)
    if len(asked):
        texts_QD = _embedded(model.texts, asked.texts_P)
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
    for start in range(0, len(queries_QD), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        scores_QG = functional.normalize(queries_QD[part], dim=1) @ gallery_GD.T
        rows = torch.arange(len(scores_QG))
        removed, targets = torch.from_numpy(removed_Q[part]), torch.from_numpy(targets_Q[part])
        right_Q = scores_QG[rows, targets]
        scores_QG[rows[removed >= 0], removed[removed >= 0]] = float("-inf")
        scores_QG[rows, targets] = float("-inf")
        found += int((right_Q > scores_QG.amax(dim=1)).sum())
    return found / len(queries_QD)


def _embedded(embed: Callable[[Rows], Tensor], rows: Rows) -> Tensor:
    """Return all rows' outputs, a bounded number at once, on the processor."""
    starts = range(0, max(len(rows), 1), ROWS_AT_ONCE)
    return torch.cat([embed(rows[s : s + ROWS_AT_ONCE]).float().cpu() for s in starts])


def _triplets(model: Model, asked: Triplets, gallery: Rows, out_GD: Tensor) -> Scores:
    queries, targets = _places(asked.queries_P, gallery), _places(asked.targets_P, gallery)
    images_QD = out_GD[torch.from_numpy(queries)]
    texts_QD = _embedded(model.texts, _one_each(asked))
    kinds = {"composed": images_QD + texts_QD, "image_only": images_QD, "text_only": texts_QD}
    return {k: recall_at_1(x_QD, out_GD, targets, queries) for k, x_QD in kinds.items()}


def _partners(asked: Triplets, gallery: Rows, out_GD: Tensor) -> float:
    """Return the share of images whose nearest other image is one that they are paired with."""
    one, two = _places(asked.queries_P, gallery), _places(asked.targets_P, gallery)
    paired = {*zip(one.tolist(), two.tolist(), strict=True),
              *zip(two.tolist(), one.tolist(), strict=True)}  # fmt: skip
    images = np.unique(np.concatenate([one, two]))
    unit_GD = functional.normalize(out_GD, dim=1)
    found = 0
    for start in range(0, len(images), ROWS_AT_ONCE):
        part = images[start : start + ROWS_AT_ONCE]
        scores_QG = unit_GD[torch.from_numpy(part)] @ unit_GD.T
        scores_QG[torch.arange(len(part)), torch.from_numpy(part)] = float("-inf")
        top_Q2 = scores_QG.topk(min(2, len(unit_GD)), dim=1)
        alone_Q = top_Q2.values[:, 0] > top_Q2.values[:, -1]
        nearest = zip(part.tolist(), top_Q2.indices[:, 0].tolist(), alone_Q.tolist(), strict=True)
        found += sum(alone and (asking, near) in paired for asking, near, alone in nearest)
    return found / len(images)


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
