"""Validate heads on held-out triplets: recall@1 within the held-out images.

Knows heads, features and rows; knows no benchmark and no training.

    Q queries, G gallery images, D shared space
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from pairmill.models.examples import TrainingData
from pairmill.models.heads import Heads

QUERIES_AT_ONCE = 1024
"""Bounds memory: 1024 queries over 100,000 gallery images are 400 MB of scores."""


@torch.no_grad()
def validate(heads: Heads, data: TrainingData) -> dict[str, float]:
    """Return recall@1 of `composed`, `image_only`, `text_only` queries and of `text_to_image`.

    Each triplet asks with every one of its instructions' first phrasing that its id decides; the
    query image is removed from the gallery; of equal scores the target's rank is the worst.
    Values lie in [0, 1]; a kind without queries is left out.
    """
    found, gallery = data.validation, data.gallery
    if not len(found):
        return {}
    gallery_GD = embed_images(heads, data.features.images_NF[gallery])
    place = {int(row): at for at, row in enumerate(gallery)}
    targets = np.array([place[int(row)] for row in found.targets_P])
    queries = np.array([place[int(row)] for row in found.queries_P])
    images_QD = _raw_images(heads, data.features.images_NF[gallery])[queries]
    texts_QD = heads.texts(torch.from_numpy(data.features.texts_MT[_one_each(found)]))
    sides = {"composed": images_QD + texts_QD, "image_only": images_QD, "text_only": texts_QD}
    scores = {name: recall_at_1(functional.normalize(x, dim=1), gallery_GD, targets, queries)
              for name, x in sides.items()}  # fmt: skip
    return {**scores, **_text_to_image(heads, data, gallery_GD, place)}
