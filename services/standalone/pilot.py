"""Ask about one pair of a hundred, to know what all will cost. Knows a run that has mined pairs.

What is asked here is kept, so that the run does not ask for it again.
"""

from pairmill.config import RunConfig
from pairmill.core.costing import Budget
from pairmill.core.errors import BudgetError, ConfigError
from pairmill.core.forecasting import Asked, Forecast, forecast, pilot_size
from pairmill.core.ids import canonical_json
from services.standalone.finished import FinishedRun
from services.standalone.trying import draw_pairs, try_out


def pilot(run: FinishedRun) -> Forecast:
    """Return what describing and instructing all pairs will use; written to `pilot.json`, too.

    Raises ConfigError where the run asks no model about pairs.
    """
    spec, objects = run.graph.spec, run.ports.objects
    stages = asked_of(spec.config)
    if not stages:
        raise ConfigError(
            "--pilot: got a run that asks no language model about pairs, wanted "
            "describing.describer or instructing.instructor: llm"
        )
    num_pairs = sum(commit.counts.outputs for commit in run.commits("select"))
    pairs = draw_pairs(run, pilot_size(num_pairs), spec.config.seed, "pilot")
    tried = try_out(run, spec.config, pairs, "pilot")
    kept = {effort.pair.pair_id: bool(effort.texts) for effort in tried.efforts}
    prices = {name: each.price for name, each in spec.config.prices.items()}
    found = forecast(tried.raw, kept, num_pairs, stages, prices)
    objects.put(f"runs/{spec.name}/pilot.json", canonical_json(found.to_plain()))
    return found


def asked_of(config: RunConfig) -> dict[str, Asked]:
    """Return whom a run asks about pairs, by stage."""
    parts = (
        ("describe", config.describing.describer == "llm", config.describing.chat),
        ("instruct", config.instructing.asks, config.instructing.chat),
    )
    return {
        stage: Asked(model=chat.model, at_once=chat.concurrency)
        for stage, asks, chat in parts if asks
    }  # fmt: skip


def check_forecast(found: Forecast, budget: Budget) -> None:
    """Raise BudgetError where the run may need more than the budget."""
    name = "tokens" if budget.tokens else "cost"
    if name not in found.amounts:
        raise ConfigError(
            "--budget: got one of money, and `prices:` lacks a model that the run asks: wanted "
            "its price, or a budget of tokens such as 5Mtok"
        )
    high = found.amounts[name].high
    if high > budget.limit:
        raise BudgetError(
            f"the run may need {budget.told(high)}, and the budget is {budget.told(budget.limit)}: "
            "raise --budget, or leave --pilot out to go as far as it reaches; the pilot's answers "
            "are kept"
        )
