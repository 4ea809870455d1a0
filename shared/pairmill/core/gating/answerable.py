"""Reject, or weigh less, instructions that find the target without the source image.

Knows scores and ranks; knows no encoder. Who names the whole target gives the query image nothing
to add, and a retriever that learns from it learns to ignore the image (MegaPairs: shared content
stands behind pronouns).

    M texts, N images of the gallery, D dims of a space
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pairmill.core.gating.findings import Finding, Gate
from pairmill.core.ranking import refuse_non_finite
from pairmill.core.records import Description
from pairmill.core.synthesis import COMPOSED, COMPOSED_TO_TEXT, Written

NAME = "answerable"
EDGES = (1.0, 2.0, 3.0, 4.0, 6.0, 11.0, 21.0, 51.0, 101.0, 201.0, 501.0, 1001.0, 10001.0, 1e6)
AT_ONCE = 256
"""Texts whose scores are held at once."""
ROUNDING = 1e-5
"""Of a height: scores closer than this are equal."""
Floats = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Space:
    """Texts and images as unit vectors of one space, such as a joint one, or the caption space
    with each image's caption for it."""

    texts_MD: Floats
    images_ND: Floats


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a text alone ranks its target: from 1; `height` is its score in standard deviations
    above the gallery's mean. Among twenty red things a red one is third by chance, and not high."""

    rank: int
    height: float


def find_places(spaces: Sequence[Space], targets_M: Sequence[int]) -> list[Place]:
    """Return for each text the place of its target among the gallery.

    Scores are cosines, brought to mean 0 and deviation 1 over the gallery, and averaged over the
    spaces. Images whose score is just as high do not rank before the target. targets_M: rows of the
    gallery. Raises ValueError where shapes do not fit, ScoreError where a score is not finite.
    """
    shapes = {(len(space.texts_MD), len(space.images_ND)) for space in spaces}
    if len(shapes) != 1 or len(targets_M) not in {rows for rows, _ in shapes}:
        raise ValueError(f"got {len(targets_M)} targets for texts and images {sorted(shapes)}")
    places: list[Place] = []
    for part, scores_MN in scores_of(spaces):
        own_M = np.array(targets_M[part])
        heights_M = scores_MN[np.arange(len(own_M)), own_M]
        ranks_M = 1 + np.count_nonzero(scores_MN > heights_M[:, None] + ROUNDING, axis=1)
        places.extend(Place(rank=int(rank), height=float(height))
                      for rank, height in zip(ranks_M, heights_M, strict=True))  # fmt: skip
    return places


def scores_of(spaces: Sequence[Space]) -> Iterator[tuple[slice, Floats]]:
    """Yield the scores of some texts at a time, (M, N), each text's brought to mean 0 and deviation
    1 over the gallery and averaged over spaces. Raises ScoreError where one is not finite."""
    for start in range(0, len(spaces[0].texts_MD), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        scaled = [_scaled(space.texts_MD[part] @ space.images_ND.T) for space in spaces]
        scores_MN = np.mean(scaled, axis=0)
        refuse_non_finite(scores_MN)
        yield part, scores_MN


def _scaled(scores_MN: Floats) -> Floats:
    spread_M1 = scores_MN.std(axis=1, keepdims=True)
    spread_M1[spread_M1 == 0] = 1
    return np.asarray((scores_MN - scores_MN.mean(axis=1, keepdims=True)) / spread_M1, np.float32)


@dataclass(frozen=True, kw_only=True)
class Bar:
    """What counts as answerable, and what is done about it.

    A target is found too well at rank `rank` and above, or among the first `share` of the gallery,
    whichever is more, if it stands at `height` there or higher. weight: of such a text where the
    action is `weight`.
    """

    rank: int
    share: float
    height: float
    action: Literal["reject", "weight"]
    weight: float = 0.25

    def highest(self, num_gallery: int) -> int:
        """Return the last rank that is too good."""
        return max(self.rank, math.floor(self.share * num_gallery))


Places = Mapping[tuple[str, str], Place]
"""By pair id and text."""


def weigh_place(place: Place, num_gallery: int, bar: Bar) -> Finding:
    """Return the finding: `answerable`, or a lower weight, where the text alone finds the target
    too well. The measure is the rank."""
    rank, value = place.rank, f"rank {place.rank} of {num_gallery}, height {place.height:.1f}"
    if rank > bar.highest(num_gallery) or place.height < bar.height:
        return Finding(measure=rank, value=value)
    if bar.action == "weight":
        return Finding(measure=rank, value=value, weight=bar.weight)
    return Finding(measure=rank, value=value, rule=NAME)


def answerable_gate(places: Places, num_gallery: int, bar: Bar) -> Gate:
    """Return the gate over composed instructions.

    places: of every text that may come; KeyError for one that is missing.
    """

    def weigh(description: Description, texts: Sequence[Written]) -> list[Finding]:
        pair_id = description.pair.pair_id
        return [weigh_place(places[pair_id, each.text], num_gallery, bar) for each in texts]

    return Gate(name=NAME, threshold=bar.highest(num_gallery), edges=EDGES, weigh=weigh,
                tasks=(COMPOSED, COMPOSED_TO_TEXT))  # fmt: skip
