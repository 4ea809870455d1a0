"""The terms of a step's loss: rows of a batch become embeddings, embeddings become numbers.

Knows heads, features and losses; knows no optimiser and no phase.

    U unique images of a batch, B rows, K negatives, D shared space
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from pairmill.config import TrainingConfig
from pairmill.models.batches import CaptionBatch, TripletBatch
from pairmill.models.examples import ABSENT, Features, Rows
from pairmill.models.heads import Heads
from pairmill.models.losses import AlignBatch, ComposeBatch, align_loss, compose_loss


def compose_term(
    heads: Heads, features: Features, batch: TripletBatch, config: TrainingConfig
) -> Tensor:
    """Return the loss of composed queries; every image of the batch passes the head once.

    `index_select`, not brackets: the gradient of indexing adds up in whatever order threads come,
    and equal trainings must give equal bytes.
    """
    rows = np.concatenate([batch.targets_B, batch.queries_B, batch.negatives_BK.reshape(-1)])
    unique_U, places = np.unique(np.maximum(rows, 0), return_inverse=True)
    out_UD = heads.images(_rows(features.images_NF, unique_U))
    num_rows = len(batch.queries_B)
    at = torch.from_numpy(places)
    texts_BD = heads.texts(_rows(features.texts_MT, batch.texts_B))
    unit_UD = functional.normalize(out_UD, dim=1)
    targets, queries, negatives = at[:num_rows], at[num_rows : 2 * num_rows], at[2 * num_rows :]
    queries_BD = out_UD.index_select(0, queries) + texts_BD
    embedded = ComposeBatch(
        queries_BD=functional.normalize(queries_BD, dim=1),
        targets_BD=unit_UD.index_select(0, targets),
        negatives_BKD=unit_UD.index_select(0, negatives).reshape(*batch.negatives_BK.shape, -1),
        target_ids_B=torch.from_numpy(batch.targets_B),
        negative_ids_BK=torch.from_numpy(batch.negatives_BK),
        negative_valid_BK=torch.from_numpy(batch.negatives_BK != ABSENT),
    )
    return compose_loss(
        embedded, temperature=config.temperature, margin=config.false_negative_margin
    )


def align_term(
    heads: Heads, features: Features, batch: CaptionBatch, config: TrainingConfig
) -> Tensor:
    """Return the loss of images with their captions."""
    images_BD = heads.images(_rows(features.images_NF, batch.images_B))
    texts_BD = heads.texts(_rows(features.texts_MT, batch.texts_B))
    embedded = AlignBatch(
        images_BD=functional.normalize(images_BD, dim=1),
        texts_BD=functional.normalize(texts_BD, dim=1),
        image_ids_B=torch.from_numpy(batch.images_B),
        text_ids_B=torch.from_numpy(batch.texts_B),
    )
    return align_loss(embedded, temperature=config.temperature)


def _rows(features_NF: NDArray[np.float32], rows: Rows) -> Tensor:
    return torch.from_numpy(features_NF[rows])
