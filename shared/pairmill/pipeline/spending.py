"""Keep the books of what a run asks of language models, and stop it at its budget.

Knows usage, prices and the object store port; knows no model and no stage. What every start of a
run used lies in a file of its own under `runs/<run>/spent/`, apart from all data: usage tells of
cache and clock, and decides no byte.
"""

import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import asdict

from pairmill.config import RunConfig
from pairmill.core.costing import NO_PRICES, Budget, Prices, tokens_of
from pairmill.core.errors import BudgetError
from pairmill.core.ids import canonical_json
from pairmill.core.synthesis import Usage, sum_usage
from pairmill.ports.objects import ObjectStore

FORMAT = 1
UNKNOWN_AHEAD = 8
"""Questions under way, at most, as long as nobody knows what one costs."""
FLUSH_SECONDS = 2.0
"""What a process that is killed forgets."""


class Spending:
    """What one process asks for one run, on top of what others asked; used by one thread.

    objects: where the books are kept, None to keep none. budget: None for no limit.
    """

    def __init__(
        self, objects: ObjectStore | None = None, run: str = "", *,
        prices: Prices = NO_PRICES, budget: Budget | None = None,
    ) -> None:  # fmt: skip
        self._objects, self._run, self._name = objects, run, uuid.uuid4().hex[:16]
        self._prices, self._budget = prices, budget
        self._before = tuple(read_spent(objects, run)) if objects and budget else ()
        self._used: dict[tuple[str, str], Usage] = {}
        self._flushed = time.monotonic()

    def note(self, used: Usage) -> None:
        """Add what was used just now."""
        name = used.stage, used.model
        self._used[name] = self._used[name].plus(used) if name in self._used else used
        if time.monotonic() - self._flushed > FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write the books."""
        self._flushed = time.monotonic()
        if self._objects is not None and self._used:
            rows = [asdict(each) for each in self.used()]
            data = canonical_json({"format": FORMAT, "usage": rows})
            self._objects.put(f"{_home(self._run)}{self._name}.json", data)

    def used(self) -> tuple[Usage, ...]:
        """Return what this process used, by stage and model."""
        return sum_usage(self._used.values())

    def admits(self, stage: str, model: str, under_way: int) -> bool:
        """Say whether one more question fits into the budget, beside those under way.

        Each is taken to cost what such questions cost on average. Raises ConfigError for a budget
        of money where the model has no price.
        """
        if self._budget is None:
            return True
        every = sum_usage((*self._before, *self.used()))
        spent = self._budget.of(every, self._prices)
        mine = [each for each in every if (each.stage, each.model) == (stage, model)]
        answers = sum(each.answers for each in mine)
        if not answers:
            self._budget.of([Usage(stage=stage, model=model)], self._prices)
            return spent < self._budget.limit and under_way < UNKNOWN_AHEAD
        each_costs = self._budget.of(mine, self._prices) / answers
        return spent + (under_way + 1) * each_costs <= self._budget.limit

    def stop(self) -> BudgetError:
        """Return the error that says how much was used, and for what."""
        assert self._budget is not None, "nothing stops what has no budget"
        self.flush()
        every = sum_usage((*self._before, *self.used()))
        spent = self._budget.told(self._budget.of(every, self._prices))
        told = "; ".join(
            f"{each.stage} by {each.model}: {each.answers:,} answers, {tokens_of(each):,} tokens"
            for each in every
        )
        return BudgetError(
            f"the budget is used up: {spent} of {self._budget.told(self._budget.limit)}"
            f" ({told or 'nothing was asked yet'}). Every answer is kept: start the same command "
            "with a larger --budget, or with none, and it goes on where it stopped"
        )


def spending_of(
    objects: ObjectStore, run: str, config: RunConfig, budget: Budget | None = None
) -> Spending:
    """Return the books of a run, at the prices that its configuration names."""
    prices = {name: each.price for name, each in config.prices.items()}
    return Spending(objects, run, prices=prices, budget=budget)


def read_spent(objects: ObjectStore, run: str) -> Iterator[Usage]:
    """Yield what every start of a run used."""
    for key in objects.list(_home(run)):
        for row in json.loads(objects.get(key))["usage"]:
            yield Usage(**row)


def _home(run: str) -> str:
    return f"runs/{run}/spent/"
