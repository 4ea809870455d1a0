"""Draw the batches of every step. A batch is a function of seed, step and ids alone.

Knows rows; knows no feature, no head and no loss. Nothing is remembered between steps, so a
training that was interrupted draws what it would have drawn.

    B rows of a batch, K negatives a row, I instructions
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairmill.config import TrainingConfig
from pairmill.core.errors import ConfigError
from pairmill.core.ids import generator
from pairmill.models.examples import ABSENT, Rows, Shares, TrainingData, Triplets
from pairmill.models.orders import Order

Flags = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class TripletBatch:
    """Rows of images and of one instruction each; negatives hold ABSENT where a triplet has fewer
    than K. firm: negatives that are wrong for certain, the query image and other edits of it.
    weights, doubts: as `Triplets` has them, of what was drawn."""

    queries_B: Rows
    targets_B: Rows
    negatives_BK: Rows
    firm_BK: Flags
    texts_B: Rows
    weights_B: Shares | None = None
    doubts_BK: Shares | None = None

    def without_first_negative(self) -> "TripletBatch":
        """Return the batch without its first column of negatives, the query images."""
        doubts_BK = None if self.doubts_BK is None else self.doubts_BK[:, 1:]
        return replace(self, negatives_BK=self.negatives_BK[:, 1:], firm_BK=self.firm_BK[:, 1:],
                       doubts_BK=doubts_BK)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class CaptionBatch:
    """Rows of images and of one caption each."""

    images_B: Rows
    texts_B: Rows


class Batches:
    """The batches of one training."""

    def __init__(self, data: TrainingData, config: TrainingConfig, seed: int) -> None:
        if config.negatives == "random" and not len(data.pool):
            raise ConfigError("training.negatives is random, and no image may be learnt from; "
                              "wanted some, or mined negatives")  # fmt: skip
        self._data, self._config, self._seed = data, config, seed
        mined, edits, captions = data.train.ids, data.edits.ids, data.captions.ids
        kinds, run = data.edits.authors, config.edit_run
        self._mined = Order(mined, seed, "triplets") if mined else None
        self._edits = Order(edits, seed, "edits", kinds=kinds, run=run) if edits else None
        self._images = Order(captions, seed, "captions") if captions else None

    def triplets(self, step: int) -> TripletBatch:
        """Return a step's triplets: one instruction each of the several, the query image and
        num_negatives - 1 of the other hard negatives, drawn anew each step.

        Where there are both, `edit_share` of them are edits, which stand last, `edit_run` of one
        operation and value together: each is then asked to be told from the same edit of other
        images, and not to forget which image it was of.
        """
        config = self._config
        num_edits = round(config.edit_share * config.batch) if self._mined else config.batch
        parts = []
        if self._mined and (num_edits < config.batch or not self._edits):
            rows = self._mined.rows(step, config.batch - num_edits * bool(self._edits))
            parts.append(self._mined_part(step, rows))
        if self._edits and num_edits:
            parts.append(self._edit_part(step, self._edits.rows(step, num_edits)))
        whole = _joined(parts)
        return whole if config.query_negative else whole.without_first_negative()

    def captions(self, step: int) -> CaptionBatch | None:
        """Return a step's images with one caption each; None where nothing has a caption."""
        if self._images is None:
            return None
        rows, found = self._images.rows(step, self._config.batch), self._data.captions
        return CaptionBatch(images_B=found.images_P[rows], texts_B=found.texts_P[rows])

    def _mined_part(self, step: int, rows: Rows) -> TripletBatch:
        draw = generator(self._seed, "triplets", str(step))
        part = _part(self._data.train, rows, self._config.num_negatives, draw)
        part.firm_BK[:, 1:] = False
        if self._config.negatives == "none":
            part.negatives_BK[:, 1:] = ABSENT
        elif self._config.negatives == "random":
            part.negatives_BK[:, 1:] = self._random(step, part)
        return part if self._config.negatives == "mined" else replace(part, doubts_BK=None)

    def _random(self, step: int, part: TripletBatch) -> Rows:
        """Return any images that may be learnt from, but no row's own query, (B, K - 1)."""
        draw, shape = generator(self._seed, "random", str(step)), part.negatives_BK[:, 1:].shape
        drawn_BK = self._data.pool[draw.integers(len(self._data.pool), size=shape)]
        own_BK: Flags = drawn_BK == part.queries_B[:, None]
        return np.where(own_BK, ABSENT, drawn_BK)

    def _edit_part(self, step: int, rows: Rows) -> TripletBatch:
        draw = generator(self._seed, "edits", str(step))
        return _part(self._data.edits, rows, self._config.num_negatives, draw)


def _part(found: Triplets, rows: Rows, num: int, draw: np.random.Generator) -> TripletBatch:
    columns_BK = _draw_columns(found.negatives_PK[rows], num, draw)
    negatives_BK = _taken(found.negatives_PK[rows], columns_BK, ABSENT)
    texts_B1 = _draw_one(found.instructions_PI[rows], draw)
    weights, doubts = found.weights_PI, found.doubts_PK
    return TripletBatch(
        queries_B=found.queries_P[rows],
        targets_B=found.targets_P[rows],
        negatives_BK=negatives_BK,
        firm_BK=np.ones(negatives_BK.shape, np.bool_),
        texts_B=_taken(found.instructions_PI[rows], texts_B1, ABSENT)[:, 0],
        weights_B=None if weights is None else _taken(weights[rows], texts_B1, 1)[:, 0],
        doubts_BK=None if doubts is None else _taken(doubts[rows], columns_BK, 0),
    )


def _joined(parts: Sequence[TripletBatch]) -> TripletBatch:
    """Return one batch; where a part says nothing of weights or doubts, there are none."""
    if len(parts) == 1:
        return parts[0]
    names = ["queries_B", "targets_B", "negatives_BK", "firm_BK", "texts_B"]
    if any(part.weights_B is not None for part in parts):
        parts = [replace(p, weights_B=_or(p.weights_B, np.ones(len(p.texts_B)))) for p in parts]
        names.append("weights_B")
    if any(part.doubts_BK is not None for part in parts):
        parts = [replace(p, doubts_BK=_or(p.doubts_BK, np.zeros(p.firm_BK.shape))) for p in parts]
        names.append("doubts_BK")
    return TripletBatch(**{n: np.concatenate([getattr(p, n) for p in parts]) for n in names})


def _or(shares: Shares | None, unless: NDArray[np.float64]) -> Shares:
    return unless.astype(np.float32) if shares is None else shares


def _draw_one(choices_BI: Rows, draw: np.random.Generator) -> Rows:
    """Return the column of one present choice of every row, (B, 1)."""
    num_B = (choices_BI != ABSENT).sum(axis=1)
    picked: Rows = (draw.random(len(num_B)) * num_B).astype(np.int64)[:, None]
    return picked


def _draw_columns(negatives_BN: Rows, num: int, draw: np.random.Generator) -> Rows:
    """Return columns, (B, K): the first one, then others without repetition, absent ones last."""
    keys_BN = draw.random(negatives_BN.shape)
    keys_BN[negatives_BN == ABSENT] = 2.0
    keys_BN[:, 0] = -1.0
    chosen_BK = np.argsort(keys_BN, axis=1, kind="stable")[:, :num]
    missing = num - chosen_BK.shape[1]
    return np.pad(chosen_BK, ((0, 0), (0, missing)), constant_values=ABSENT)


def _taken(table_BN: NDArray[Any], columns_BK: Rows, absent: float) -> NDArray[Any]:
    """Return what stands in these columns of each row, in the table's own type."""
    found = np.take_along_axis(table_BN, np.maximum(columns_BK, 0), axis=1)
    found[columns_BK == ABSENT] = absent
    return found
