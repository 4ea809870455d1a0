"""The judge port: does an image answer a query image with an instruction? Knows no model.

A judge sees what its adapter lets it see: pictures, captions or features, by image id.
"""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pairmill.core.gating.judging import Trial, Verdict
from pairmill.core.records import ImageRecord
from pairmill.core.synthesis import RawAnswer
from pairmill.ports.encoder import Encoder


@dataclass(frozen=True, kw_only=True)
class Album:
    """What a judge may look at.

    ids, features_NF, captions: images whose features are known, in one order; a caption is empty
    where there is none. records: whatever may come in a trial, by id, for a judge that looks.
    """

    ids: tuple[str, ...] = ()
    features_NF: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    captions: tuple[str, ...] = ()
    records: Mapping[str, ImageRecord] = field(default_factory=dict)


class Judge(Protocol):
    """Judges candidates."""

    @property
    def author(self) -> str:
        """Name and version, kept with what was judged."""
        ...

    def judge(self, trials: Sequence[Trial]) -> list[tuple[Verdict, ...]]:
        """Return for each trial, in order, a verdict on each of its candidates: the target, then
        the negatives. A candidate that cannot be judged has a verdict with a fault and takes no
        other with it."""
        ...

    def each(self, trials: Iterable[Trial]) -> Generator[tuple[Trial, tuple[Verdict, ...]]]:
        """Yield each trial with the verdicts of `judge`, as they come, in any order. `trials` may
        be endless: it is read only as far ahead as keeps a model busy."""
        ...

    def take_raw(self) -> tuple[RawAnswer, ...]:
        """Return what a model answered since the last call, in an order of their own; nothing
        where none is asked."""
        ...


OpenJudge = Callable[[Album], Judge]
"""Opens the judge that a run names."""


@dataclass(frozen=True, kw_only=True)
class Scales:
    """What instructions are weighed on: an encoder that searches by them, and a judge."""

    encoder: Encoder
    open_judge: OpenJudge
