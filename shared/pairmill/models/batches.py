"""Draw the batches of every step. A batch is a function of seed, step and ids alone.

Knows rows; knows no feature, no head and no loss. Nothing is remembered between steps, so a
training that was interrupted draws what it would have drawn.

    B rows of a batch, K negatives a row, I instructions
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pairmill.config import TrainingConfig
from pairmill.core.errors import ConfigError
from pairmill.core.ids import generator
from pairmill.models.examples import ABSENT, Rows, TrainingData, Triplets

Flags = NDArray[np.bool_]


class Order:
    """An endless order of rows: one permutation an epoch, decided by seed, epoch and ids.

    Where there are `kinds`, one a row, `run` rows of one kind follow one another, as far as there
    are so many.
    """

    def __init__(
        self, ids: Sequence[str], seed: int, name: str, *, kinds: Sequence[str] = (), run: int = 1
    ) -> None:
        if not ids:
            raise ValueError("no rows to draw from")
        self._seed, self._name, self._run = seed, name, run
        self._by_id = np.argsort(np.array(ids), kind="stable")
        self._kind_N = np.unique(np.array(kinds), return_inverse=True)[1] if kinds else None
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
            rows = self._by_id[draw.permutation(len(self._by_id))]
            if self._kind_N is not None and self._run > 1:
                rows = _in_runs(rows, self._kind_N[rows], self._run, draw)
            self._epoch = (epoch, rows)
        return self._epoch[1]


@dataclass(frozen=True, kw_only=True)
class TripletBatch:
    """Rows of images and of one instruction each; negatives hold ABSENT where a triplet has fewer
    than K. firm: negatives that are wrong for certain, the query image and other edits of it."""

    queries_B: Rows
    targets_B: Rows
    negatives_BK: Rows
    firm_BK: Flags
    texts_B: Rows

    def without_first_negative(self) -> "TripletBatch":
        """Return the batch without its first column of negatives, the query images."""
        return TripletBatch(queries_B=self.queries_B, targets_B=self.targets_B,
                            negatives_BK=self.negatives_BK[:, 1:], firm_BK=self.firm_BK[:, 1:],
                            texts_B=self.texts_B)  # fmt: skip


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
        return part

    def _random(self, step: int, part: TripletBatch) -> Rows:
        """Return any images that may be learnt from, but no row's own query, (B, K - 1)."""
        draw, shape = generator(self._seed, "random", str(step)), part.negatives_BK[:, 1:].shape
        drawn_BK = self._data.pool[draw.integers(len(self._data.pool), size=shape)]
        own_BK: Flags = drawn_BK == part.queries_B[:, None]
        return np.where(own_BK, ABSENT, drawn_BK)

    def _edit_part(self, step: int, rows: Rows) -> TripletBatch:
        draw = generator(self._seed, "edits", str(step))
        return _part(self._data.edits, rows, self._config.num_negatives, draw)


def _in_runs(rows: Rows, kind_N: Rows, run: int, draw: np.random.Generator) -> Rows:
    """Return the rows with up to `run` of one kind together, the runs in a drawn order. kind: of
    each of the rows."""
    order = np.argsort(kind_N, kind="stable")
    begins = np.diff(kind_N[order], prepend=-1) != 0
    place_N = np.arange(len(rows))
    within_N = place_N - np.maximum.accumulate(np.where(begins, place_N, 0))
    run_N = np.cumsum(within_N % run == 0) - 1
    turn_N = draw.permutation(run_N[-1] + 1)[run_N]
    found: Rows = rows[order][np.argsort(turn_N, kind="stable")]
    return found


def _part(found: Triplets, rows: Rows, num: int, draw: np.random.Generator) -> TripletBatch:
    negatives_BK = _draw_negatives(found.negatives_PK[rows], num, draw)
    return TripletBatch(
        queries_B=found.queries_P[rows],
        targets_B=found.targets_P[rows],
        negatives_BK=negatives_BK,
        firm_BK=np.ones(negatives_BK.shape, np.bool_),
        texts_B=_draw_one(found.instructions_PI[rows], draw),
    )


def _joined(parts: Sequence[TripletBatch]) -> TripletBatch:
    if len(parts) == 1:
        return parts[0]
    names = ("queries_B", "targets_B", "negatives_BK", "firm_BK", "texts_B")
    return TripletBatch(**{n: np.concatenate([getattr(p, n) for p in parts]) for n in names})


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
    taken_BK = np.take_along_axis(negatives_BN, chosen_BK, axis=1)
    missing = num - taken_BK.shape[1]
    return np.pad(taken_BK, ((0, 0), (0, missing)), constant_values=ABSENT)
