"""Forecast what a run will use of language models from a few of its pairs. Pure sums.

Knows answers and prices; knows no configuration, no server and no run.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pairmill.core.costing import NO_PRICES, Prices
from pairmill.core.synthesis import RawAnswer, Usage

NORMAL_975 = 1.959964
LEAST = 20
SHARE = 0.01


@dataclass(frozen=True, kw_only=True)
class Range:
    """An amount for all pairs, and the bounds between which it lies 19 times of 20."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Who is asked at one stage. model: as prices name it. at_once: questions on their way."""

    model: str
    at_once: int


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What all pairs will use, those of the pilot among them, with nothing kept from before.

    amounts: tokens, prompt_tokens, completion_tokens, answers, seconds (of the clock), kept
    (pairs), and cost, where every model has a price.
    """

    num_tried: int
    num_pairs: int
    amounts: Mapping[str, Range]

    def to_plain(self) -> dict[str, Any]:
        """Return values of JSON."""
        amounts = {name: vars(found) for name, found in self.amounts.items()}
        return {"tried": self.num_tried, "pairs": self.num_pairs, **amounts}


def pilot_size(num_pairs: int) -> int:
    """Return how many pairs a pilot takes: 1 % of all, at least twenty of them."""
    return min(num_pairs, max(LEAST, math.ceil(SHARE * num_pairs)))


def range_of(values: Sequence[float], num_all: int) -> Range:
    """Return the sum over all, of which these were drawn at random.

    The drawn ones are known; what the others add is foreseen by Student's t, whose interval holds
    the scatter of the others, too. At least two values, unless these are all. Not below what the
    drawn ones have.
    """
    num, known = len(values), math.fsum(values)
    left = num_all - num
    if left <= 0:
        return Range(mean=known, low=known, high=known)
    if num < 2:
        raise ValueError(f"got {num} value of {num_all}, wanted two or more")
    mean = known / num
    scatter = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (num - 1))
    half = t_975(num - 1) * scatter * math.sqrt(left * num_all / num)
    total = mean * num_all
    return Range(mean=total, low=max(known, total - half), high=total + half)


def t_975(freedom: int) -> float:
    """Return the 0.975 quantile of Student's t, to a hundredth from four degrees of freedom on.

    The expansion around the normal quantile (Abramowitz and Stegun, 26.7.5).
    """
    z = NORMAL_975
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + math.fsum(term / freedom**power for power, term in enumerate(terms, start=1))


def forecast(
    raw: Iterable[RawAnswer], kept: Mapping[str, bool], num_pairs: int,
    stages: Mapping[str, Asked], prices: Prices = NO_PRICES,
) -> Forecast:  # fmt: skip
    """Return the forecast from a pilot's answers.

    kept: each pair of the pilot, and whether it became a triplet. stages: who is asked.
    """
    sums: dict[str, dict[str, float]] = {pair: defaultdict(float) for pair in kept}
    for answer in raw:
        for name, amount in _amounts(answer, stages[answer.stage], prices).items():
            sums[answer.record_id][name] += amount
    names = ["tokens", "prompt_tokens", "completion_tokens", "answers", "seconds"]
    if all(asked.model in prices for asked in stages.values()):
        names.append("cost")
    amounts = {name: range_of([each[name] for each in sums.values()], num_pairs) for name in names}
    amounts["kept"] = range_of([float(good) for good in kept.values()], num_pairs)
    return Forecast(num_tried=len(kept), num_pairs=num_pairs, amounts=amounts)


def _amounts(answer: RawAnswer, asked: Asked, prices: Prices) -> dict[str, float]:
    used = Usage(
        stage=answer.stage, model=asked.model, prompt_tokens=answer.prompt_tokens,
        completion_tokens=answer.completion_tokens, wall_seconds=answer.seconds / asked.at_once,
    )  # fmt: skip
    found = {
        "tokens": float(answer.prompt_tokens + answer.completion_tokens),
        "prompt_tokens": float(answer.prompt_tokens),
        "completion_tokens": float(answer.completion_tokens),
        "answers": float(answer.requests > 0),
        "seconds": used.wall_seconds,
    }
    return found | {"cost": prices[asked.model].of(used)} if asked.model in prices else found
