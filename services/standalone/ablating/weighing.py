"""Means over seeds with their intervals, and differences to the base, seed by seed.

Knows numbers alone. An interval is that of the t distribution over seeds; with one seed there is
none. A difference is taken within each seed first, so that what the seed does to both runs drops
out.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

T_975 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
    2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
"""0.975 quantiles of Student's t for 1 to 30 degrees of freedom, to three decimals."""
NORMAL_975 = 1.960
BySeed = Mapping[int, float]


@dataclass(frozen=True, kw_only=True)
class Mean:
    """A mean of `num` seeds and half the width of its 95 % interval; None where one seed says
    nothing of it."""

    mean: float
    half: float | None
    num: int

    @property
    def sure(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.half is not None and abs(self.mean) > self.half


def mean_of(values: Sequence[float]) -> Mean:
    """Return the mean of at least one value with its 95 % interval."""
    num = len(values)
    half = None if num < 2 else t_975(num - 1) * statistics.stdev(values) / math.sqrt(num)
    return Mean(mean=statistics.fmean(values), half=half, num=num)


def difference(one: BySeed, base: BySeed) -> Mean | None:
    """Return the mean of `one` less `base` over the seeds that both have; None without any."""
    both = sorted(set(one) & set(base))
    return mean_of([one[seed] - base[seed] for seed in both]) if both else None


def t_975(degrees: int) -> float:
    """Return the 0.975 quantile of Student's t; beyond 30 degrees of freedom the normal one."""
    if degrees < 1:
        raise ValueError(f"degrees of freedom: got {degrees}, wanted 1 or more")
    return T_975[degrees - 1] if degrees <= len(T_975) else NORMAL_975
