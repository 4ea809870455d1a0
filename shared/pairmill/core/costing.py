"""What language models cost: prices laid over what was used, and a limit to it. Pure sums.

Knows usage as `Usage` counts it; knows no configuration, no server and no run.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from pairmill.core.errors import ConfigError
from pairmill.core.synthesis import RawAnswer, Usage, sum_usage

MILLION, HOUR = 1_000_000, 3600.0
SUFFIXES = {"": 1, "k": 1_000, "M": MILLION, "G": 1_000 * MILLION}
AMOUNT = re.compile(r"(\d+(?:\.\d+)?|\.\d+)(?:([kMG]?)tok)?")


@dataclass(frozen=True, kw_only=True)
class Price:
    """What a model costs, in any one currency.

    prompt, completion: a million tokens. gpu_hour: an hour of one GPU, which is paid while the
    model is asked. gpus: how many it runs on.
    """

    prompt: float = 0.0
    completion: float = 0.0
    gpu_hour: float = 0.0
    gpus: int = 1

    def of(self, used: Usage) -> float:
        """Return what that usage costs."""
        tokens = used.prompt_tokens * self.prompt + used.completion_tokens * self.completion
        return tokens / MILLION + used.wall_seconds / HOUR * self.gpu_hour * self.gpus


Prices = Mapping[str, Price]
"""By model. A model that is not among them has no price, which is not the price 0."""
NO_PRICES: Prices = {}


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How much may be used: money, in the currency of the prices, or tokens of both sorts."""

    limit: float
    tokens: bool = False

    def of(self, used: Iterable[Usage], prices: Prices) -> float:
        """Return how much of it was used; ConfigError for money where a model has no price."""
        if self.tokens:
            return float(sum(tokens_of(each) for each in used))
        return sum(_price(prices, each.model).of(each) for each in used)

    def told(self, amount: float) -> str:
        """Return an amount as people write it."""
        return f"{amount:,.0f} tokens" if self.tokens else f"{amount:,.4g}"


def parse_budget(text: str) -> Budget:
    """Return the budget of `20`, which is money, or of `5Mtok`, `300ktok` or `9000tok`.

    Raises ValueError for anything else, and for nothing at all.
    """
    found = AMOUNT.fullmatch(text.strip())
    limit = float(found[1]) * SUFFIXES[found[2] or ""] if found else 0.0
    if not found or limit <= 0:
        raise ValueError(f"got {text!r}, wanted an amount such as 20, or tokens such as 5Mtok")
    return Budget(limit=limit, tokens=found[0].endswith("tok"))


def tokens_of(used: Usage) -> int:
    """Return all tokens that were read and written."""
    return used.prompt_tokens + used.completion_tokens


def cost_of(used: Iterable[Usage], prices: Prices) -> float | None:
    """Return what all of it costs, None where a model that gave an answer has no price."""
    asked = [each for each in used if each.answers]
    if any(each.model not in prices for each in asked):
        return None
    return sum(prices[each.model].of(each) for each in asked)


def count_answers(raw: Iterable[RawAnswer]) -> list[dict[str, Any]]:
    """Return a row for each stage and model: answers, those at fault, and tokens.

    Whether an answer was asked for or lay in the cache makes no difference here, so equal work
    gives equal rows. Questions without an answer do not count.
    """
    sums = sum_usage(
        Usage(stage=each.stage, model=each.model, answers=1, faulty=int(not each.parsed_ok),
              prompt_tokens=each.prompt_tokens, completion_tokens=each.completion_tokens)
        for each in raw if each.requests
    )  # fmt: skip
    names = ("stage", "model", "answers", "faulty", "prompt_tokens", "completion_tokens")
    return [{name: getattr(each, name) for name in names} for each in sums]


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What a run asked of models and what came of it.

    asked: what its starts asked for, sums by stage and model. answers: all answers that its data
    rest on, cached ones among them, as `count_answers` counts. kept: triplets.
    """

    asked: tuple[Usage, ...] = ()
    answers: tuple[Usage, ...] = ()
    kept: int = 0
    prices: Prices = field(default_factory=dict)

    def to_plain(self) -> dict[str, Any]:
        """Return the report's section; `cost` is null where a model has no price."""
        return {
            "asked": [{**asdict(each), "cost": cost_of([each], self.prices)}
                      for each in self.asked],
            "answers": [{"stage": each.stage, "model": each.model, "answers": each.answers,
                         "faulty": each.faulty, "prompt_tokens": each.prompt_tokens,
                         "completion_tokens": each.completion_tokens,
                         "cost": cost_of([each], self.prices)} for each in self.answers],
            "spent": self._sums(self.asked),
            "without_cache": self._sums(self.answers),
        }  # fmt: skip

    def _sums(self, used: tuple[Usage, ...]) -> dict[str, Any]:
        cost, tokens = cost_of(used, self.prices), sum(map(tokens_of, used))
        thousands = self.kept / 1000
        return {
            "tokens": tokens, "cost": cost,
            "tokens_per_thousand": round(tokens / thousands, 1) if thousands else None,
            "cost_per_thousand": cost / thousands if thousands and cost is not None else None,
        }  # fmt: skip


def _price(prices: Prices, model: str) -> Price:
    if model not in prices:
        raise ConfigError(
            f"prices: got none of the model {model!r}, and a budget of money: wanted "
            f"prices: {{{model}: {{prompt: …, completion: …}}}} a million tokens, or a budget of "
            "tokens such as 5Mtok"
        )
    return prices[model]
