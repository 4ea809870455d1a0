"""The judge port: does an image answer a query image with an instruction? Knows no model.

A judge sees what its adapter lets it see: pictures, captions or features, by image id.
"""

from collections.abc import Sequence
from typing import Protocol

from pairmill.core.gating.judging import Trial, Verdict


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
