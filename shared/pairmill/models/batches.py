"""Draw the batches of every step. A batch is a function of seed, step and ids alone.

Knows rows; knows no feature, no head and no loss. Nothing is remembered between steps, so a
training that was interrupted draws what it would have drawn.

    B rows of a batch, K negatives a row, I instructions
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pairmill.core.ids import generator
from pairmill.models.examples import ABSENT, Captioned, Rows, Triplets


class Order:
    """An endless order of rows: one permutation an epoch, decided by seed, epoch and ids."""

    def __init__(self, ids: Sequence[str], seed: int, name: str) -> None:
        if not ids:
            raise ValueError("no rows to draw from")
        self._seed, self._name = seed, name
        self._by_id = np.argsort(np.array(ids), kind="stable")
        self._epoch: tuple[int, Rows] = (-1, self._by_id)

    def rows(self, step: int, batch: int) -> Rows:
        """Return the rows of one step, (min(batch, number of ids),)."""
        size = len(self._by_id)
        batch = min(batch, size)
        first = step * batch
        places = range(first, first + batch)
        return np.array([self._permutation(p // size)[p % size] for p in places], np.int64)

    def _permutation(self, epoch: int) -> Rows:
        if self._epoch[0] != epoch:
            draw = generator(self._seed, "order", self._name, str(epoch))
            self._epoch = (epoch, self._by_id[draw.permutation(len(self._by_id))])
        return self._epoch[1]


@dataclass(frozen=True, kw_only=True)
class TripletBatch:
    """Rows of images and of one instruction each; column 0 of the negatives is the query image.
    negatives hold ABSENT where a triplet has fewer than K."""

    queries_B: Rows
    targets_B: Rows
    negatives_BK: Rows
    texts_B: Rows


@dataclass(frozen=True, kw_only=True)
class CaptionBatch:
    """Rows of images and of one caption each."""

    images_B: Rows
    texts_B: Rows


class Batches:
    """The batches of one training."""

    def __init__(self, triplets: Triplets, captions: Captioned, seed: int) -> None:
        self._triplets, self._captions, self._seed = triplets, captions, seed
        self._pairs = Order(triplets.ids, seed, "triplets")
        self._images = Order(captions.ids, seed, "captions") if len(captions) else None

    def triplets(self, step: int, batch: int, num_negatives: int) -> TripletBatch:
        """Return a step's triplets: one instruction each of the several, the query image and
        num_negatives - 1 of the other hard negatives, drawn anew each step."""
        rows = self._pairs.rows(step, batch)
        found = self._triplets
        draw = generator(self._seed, "triplets", str(step))
        return TripletBatch(
            queries_B=found.queries_P[rows],
            targets_B=found.targets_P[rows],
            negatives_BK=_draw_negatives(found.negatives_PK[rows], num_negatives, draw),
            texts_B=_draw_one(found.instructions_PI[rows], draw),
        )

    def captions(self, step: int, batch: int) -> CaptionBatch | None:
        """Return a step's images with one caption each; None where nothing has a caption."""
        if self._images is None:
            return None
        rows = self._images.rows(step, batch)
        return CaptionBatch(
            images_B=self._captions.images_P[rows], texts_B=self._captions.texts_P[rows]
        )


def _draw_one(choices_BI: Rows, draw: np.random.Generator) -> Rows:
    """Return one present choice of every row, (B,)."""
    num_B = (choices_BI != ABSENT).sum(axis=1)
    picked_B = (draw.random(len(num_B)) * num_B).astype(np.int64)
    chosen: Rows = choices_BI[np.arange(len(num_B)), picked_B]
    return chosen


def _draw_negatives(negatives_BN: Rows, num: int, draw: np.random.Generator) -> Rows:
    """Return (B, K): the first column, then others without repetition, ABSENT ones last."""
    keys_BN = draw.random(negatives_BN.shape)
    keys_BN[negatives_BN == ABSENT] = 2.0
    keys_BN[:, 0] = -1.0
    chosen_BK = np.argsort(keys_BN, axis=1, kind="stable")[:, :num]
    return np.take_along_axis(negatives_BN, chosen_BK, axis=1)
