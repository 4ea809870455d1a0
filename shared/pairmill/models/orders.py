"""Put rows into an endless order that seed, epoch and ids decide. Knows ids; knows no feature and
no batch.
"""

from collections.abc import Sequence

import numpy as np

from pairmill.core.ids import generator
from pairmill.models.examples import Rows


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
