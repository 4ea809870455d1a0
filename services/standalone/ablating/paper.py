"""The MegaPairs paper's own ablations, as numbers. Knows nothing of ours.

Source: arXiv 2412.14475v1: table 4 (negatives; CLIP base, 1M pairs), table 5 (spaces; 2,000 steps)
and figure 2 (number of pairs; read from the plot, ± 0.3). CIRCO is mAP@5, CIRR recall@1 (validation
set), FashionIQ recall@10, GeneCIS recall@1, all in percent.
"""

import math
from dataclasses import dataclass

BENCHMARKS = ("CIRCO", "CIRR", "FashionIQ", "GeneCIS")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One of the paper's settings. label: the paper's words; switch: ours of the same meaning.

    scores: of BENCHMARKS, percent.
    """

    label: str
    switch: str
    scores: tuple[float, float, float, float]

    @property
    def mean(self) -> float:
        """Mean over the four benchmarks."""
        return math.fsum(self.scores) / len(self.scores)


@dataclass(frozen=True, kw_only=True)
class Table:
    """One of the paper's tables. base: the switch that the others are compared with."""

    name: str
    title: str
    base: str
    rows: tuple[Row, ...]

    def difference(self, switch: str) -> float:
        """Return the mean of a switch less that of the base, in points."""
        means = {row.switch: row.mean for row in self.rows}
        return means[switch] - means[self.base]


NEGATIVES = Table(name="table 4", title="which negatives", base="full", rows=(
    Row(label="in-batch only", switch="in-batch-only", scores=(10.1, 0.2, 25.3, 14.4)),
    Row(label="+ query image", switch="no-mined-negatives", scores=(29.7, 32.1, 27.6, 16.6)),
    Row(label="+ mined", switch="full", scores=(32.3, 33.7, 30.1, 17.0)),
))  # fmt: skip

SPACES = Table(name="table 5", title="which spaces", base="full", rows=(
    Row(label="DINOv2", switch="space-visual_pattern", scores=(29.0, 31.5, 24.7, 17.2)),
    Row(label="CLIP image", switch="space-visual_semantic", scores=(30.0, 30.0, 29.6, 15.3)),
    Row(label="caption", switch="space-caption", scores=(31.6, 32.2, 28.7, 17.3)),
    Row(label="DINOv2 + CLIP image", switch="space-visual_semantic+visual_pattern",
        scores=(31.0, 32.1, 28.5, 17.1)),
    Row(label="DINOv2 + caption", switch="space-visual_pattern+caption",
        scores=(32.4, 33.3, 28.9, 17.5)),
    Row(label="CLIP image + caption", switch="space-visual_semantic+caption",
        scores=(32.2, 33.3, 29.7, 16.4)),
    Row(label="all three", switch="full", scores=(32.3, 33.7, 30.1, 17.0)),
))  # fmt: skip

NUM_PAIRS = (128_000, 256_000, 500_000, 1_000_000, 2_000_000, 4_000_000, 8_000_000, 16_000_000,
             26_000_000)  # fmt: skip
SCALING = {
    "CIRCO": (20.0, 24.7, 30.7, 33.7, 33.5, 33.6, 32.9, 33.2, 34.3),
    "CIRR": (22.0, 26.8, 31.8, 32.3, 33.6, 34.3, 34.8, 36.2, 38.3),
    "FashionIQ": (23.0, 25.3, 28.5, 29.7, 30.3, 30.5, 30.4, 31.5, 31.9),
    "GeneCIS": (14.7, 15.0, 16.3, 17.0, 17.3, 17.5, 17.5, 17.5, 18.0),
    "average": (20.0, 23.0, 26.8, 28.2, 28.7, 29.0, 28.9, 29.6, 30.6),
}
"""Figure 2: percent by number of pairs, in the order of NUM_PAIRS."""
