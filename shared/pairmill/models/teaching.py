"""What the untrained retriever still teaches: how alike images were, how alike captions are.

Knows a frozen copy of the model and the captions; knows no loss and no step.

    B queries of a batch, K negatives a query, C candidates, U images, D shared space
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from pairmill.config import TrainingConfig
from pairmill.models.batches import TripletBatch
from pairmill.models.embedding import Embedder
from pairmill.models.examples import ABSENT, Captioned, Rows, TrainingData
from pairmill.models.model import Model


class Teacher:
    """The model as it was before the first step, where a term asks for it.

    It is copied when it is made, so it must be made before a kept state is restored.
    """

    def __init__(
        self, model: Model, data: TrainingData, config: TrainingConfig, embedder: Embedder
    ) -> None:
        self._embedder, self._config = embedder, config
        needed = config.keep_weight > 0 or config.soft_weight > 0
        self._frozen = model.frozen() if needed else model
        self._caption_N = _first_captions(data.captions)

    def images(self, rows_U: Rows) -> Tensor:
        """Return the images' embeddings before training, (U, D), unit norm."""
        out_UD = self._embedder.quiet(self._frozen.images, rows_U)
        return functional.normalize(out_UD, dim=1)

    def fits(self, batch: TripletBatch) -> Tensor | None:
        """Return how well candidates fit, (B, C): the cosine of their captions to the target's.

        Candidates are the B targets and the row's K negatives. 1 at the row's own target, -inf
        where one of both has no caption. None where nothing in the batch has one, or nobody asks.
        """
        if not self._config.soft_weight:
            return None
        candidates = np.concatenate([batch.targets_B, batch.negatives_BK.reshape(-1)])
        captions = self._captions(candidates)
        texts_V, at = np.unique(captions, return_inverse=True)
        if texts_V[-1] == ABSENT:
            return None
        found = self._embedder.quiet(self._frozen.meanings, np.maximum(texts_V, 0))
        unit_CD = functional.normalize(found, dim=1).index_select(
            0, torch.from_numpy(at).to(found.device))  # fmt: skip
        return _scores(unit_CD, torch.from_numpy(captions != ABSENT), len(batch.targets_B))

    def _captions(self, images: Rows) -> Rows:
        """Return every image's first caption, ABSENT where there is none or the row is ABSENT."""
        table, known = self._caption_N, (images >= 0) & (images < len(self._caption_N))
        return np.where(known, table[np.where(known, images, 0)] if len(table) else ABSENT, ABSENT)


def _first_captions(captions: Captioned) -> Rows:
    """Return the row of each image's first caption, by image row."""
    size = int(captions.images_P.max()) + 1 if len(captions) else 0
    table = np.full(size, ABSENT, np.int64)
    table[captions.images_P[::-1]] = captions.texts_P[::-1]
    return table


def _scores(unit_CD: Tensor, known_C: Tensor, num_rows: int) -> Tensor:
    """Return (B, B + K): cosines to the row's target, -inf where either is unknown."""
    known_C = known_C.to(unit_CD.device)
    targets_BD, knows_B = unit_CD[:num_rows], known_C[:num_rows]
    negatives_BKD = unit_CD[num_rows:].reshape(num_rows, -1, unit_CD.shape[1])
    scores_BC = torch.cat(
        [targets_BD @ targets_BD.T, torch.einsum("bd,bkd->bk", targets_BD, negatives_BKD)], dim=1
    )
    known_BK = known_C[num_rows:].reshape(num_rows, -1)
    known_BC = torch.cat([knows_B.expand(num_rows, num_rows), known_BK], dim=1) & knows_B[:, None]
    scores_BC = scores_BC.masked_fill(~known_BC, float("-inf"))
    own_B1 = torch.arange(num_rows, device=scores_BC.device)[:, None]
    return scores_BC.scatter(1, own_B1, 1.0)
