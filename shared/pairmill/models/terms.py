"""The terms of a step's loss: rows of a batch become embeddings, embeddings become numbers.

Knows rows, embeddings and losses; knows no optimiser, no phase and no model.

    U distinct images of a step, V distinct texts, B rows, K negatives, D shared space
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from pairmill.config import TrainingConfig
from pairmill.models.batches import CaptionBatch, TripletBatch
from pairmill.models.examples import ABSENT, Rows
from pairmill.models.losses import (
    AlignBatch,
    ComposeBatch,
    Sharpness,
    align_loss,
    compose_loss,
    keep_loss,
)
from pairmill.models.teaching import Teacher

Terms = dict[str, tuple[float, Tensor]]
"""Weight and value of each term, by name."""


@dataclass(frozen=True, kw_only=True)
class Weights:
    """What each term of a step counts; 0 leaves it out."""

    compose: float = 0.0
    align: float = 0.0
    keep: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Step:
    """What one step reads. Every distinct image and text passes the model once."""

    triplets: TripletBatch | None
    captions: CaptionBatch | None

    @cached_property
    def image_rows(self) -> Rows:
        """Rows of the distinct images, ascending, (U,)."""
        parts = [] if self.captions is None else [self.captions.images_B]
        if self.triplets is not None:
            found = self.triplets
            parts += [found.targets_B, found.queries_B, found.negatives_BK.reshape(-1)]
        return _distinct(parts)

    @cached_property
    def text_rows(self) -> Rows:
        """Rows of the distinct texts, ascending, (V,)."""
        return _distinct([part.texts_B for part in (self.triplets, self.captions) if part])

    @property
    def kept_images(self) -> Rows:
        """Distinct images whose likeness to one another is to last: targets, else captioned."""
        if self.triplets is not None:
            return np.unique(self.triplets.targets_B)
        return np.unique(self.captions.images_B) if self.captions else _distinct([])


@dataclass(frozen=True)
class Embedded:
    """The model's outputs for a step's images and texts, not normalised, and where each row is.

    `index_select`, not brackets: the gradient of indexing adds up in whatever order threads come,
    and equal trainings must give equal bytes.
    """

    step: Step
    images_UD: Tensor
    texts_VD: Tensor

    @cached_property
    def _unit(self) -> Tensor:
        """Images of unit norm, (U, D)."""
        return functional.normalize(self.images_UD, dim=1)

    def images(self, rows: Rows) -> Tensor:
        """Return the outputs of image rows, (B, D)."""
        return self.images_UD.index_select(0, self._places(self.step.image_rows, rows))

    def unit_images(self, rows: Rows) -> Tensor:
        """Return the embeddings of image rows, (B, D); any for a row that is ABSENT."""
        return self._unit.index_select(0, self._places(self.step.image_rows, rows))

    def texts(self, rows: Rows) -> Tensor:
        """Return the outputs of text rows, (B, D)."""
        return self.texts_VD.index_select(0, self._places(self.step.text_rows, rows))

    def tensor(self, values: NDArray[Any]) -> Tensor:
        """Return plain values beside the embeddings."""
        return torch.from_numpy(values).to(self.images_UD.device)

    def _places(self, among: Rows, rows: Rows) -> Tensor:
        return self.tensor(np.searchsorted(among, np.maximum(rows, among[0])))


@dataclass(frozen=True)
class Composer:
    """Makes the terms of a training's steps."""

    config: TrainingConfig
    teacher: Teacher

    def terms(self, embedded: Embedded, weights: Weights, scale: Tensor) -> Terms:
        """Return the terms that have a weight and something to work on.

        scale: 1 / temperature, as it stands.
        """
        found: Terms = {}
        step = embedded.step
        if weights.compose and step.triplets is not None:
            batch = self._compose_batch(embedded, step.triplets)
            sharpness = self._sharpness(scale)
            found["compose"] = (
                weights.compose,
                self._nested(lambda dim: compose_loss(batch.cut(dim), sharpness), embedded),
            )
        if weights.align and step.captions is not None:
            pairs = _align_batch(embedded, step.captions)
            align = self._nested(lambda dim: align_loss(pairs.cut(dim), scale), embedded)
            found["align"] = (weights.align, align)
        if weights.keep and len(step.kept_images) > 1:
            found["keep"] = (weights.keep, self._keep(embedded, step.kept_images))
        return found

    def _nested(self, loss: Callable[[int], Tensor], embedded: Embedded) -> Tensor:
        """Return the mean of a loss over the sizes at which embeddings must work (Matryoshka
        representation learning, arXiv 2205.13147, equation 1, all sizes weighing alike)."""
        whole = embedded.images_UD.shape[1]
        sizes = sorted({*self.config.nested_dims, whole})
        return torch.stack([loss(size) for size in sizes]).mean()

    def _sharpness(self, scale: Tensor) -> Sharpness:
        config = self.config
        return Sharpness(scale=scale, margin=config.false_negative_margin, hardness=config.hardness,
                         soft=config.soft_weight, soft_scale=1 / config.temperature)  # fmt: skip

    def _compose_batch(self, embedded: Embedded, batch: TripletBatch) -> ComposeBatch:
        queries_BD = embedded.images(batch.queries_B) + embedded.texts(batch.texts_B)
        negatives = embedded.unit_images(batch.negatives_BK.reshape(-1))
        return ComposeBatch(
            queries_BD=functional.normalize(queries_BD, dim=1),
            targets_BD=embedded.unit_images(batch.targets_B),
            negatives_BKD=negatives.reshape(*batch.negatives_BK.shape, queries_BD.shape[1]),
            target_ids_B=embedded.tensor(batch.targets_B),
            negative_ids_BK=embedded.tensor(batch.negatives_BK),
            negative_valid_BK=embedded.tensor(batch.negatives_BK != ABSENT),
            firm_BK=embedded.tensor(batch.firm_BK),
            teacher_BC=self.teacher.fits(batch),
            weights_B=None if batch.weights_B is None else embedded.tensor(batch.weights_B),
            doubts_BK=None if batch.doubts_BK is None else embedded.tensor(batch.doubts_BK),
        )

    def _keep(self, embedded: Embedded, rows_U: Rows) -> Tensor:
        before_UD = self.teacher.images(rows_U)
        return keep_loss(embedded.unit_images(rows_U), before_UD, 1 / self.config.temperature)


def _align_batch(embedded: Embedded, batch: CaptionBatch) -> AlignBatch:
    return AlignBatch(
        images_BD=embedded.unit_images(batch.images_B),
        texts_BD=functional.normalize(embedded.texts(batch.texts_B), dim=1),
        image_ids_B=embedded.tensor(batch.images_B),
        text_ids_B=embedded.tensor(batch.texts_B),
    )


def _distinct(parts: Sequence[Rows]) -> Rows:
    found = np.unique(np.concatenate([np.zeros(0, np.int64), *parts]))
    present: Rows = found[found != ABSENT]
    return present
