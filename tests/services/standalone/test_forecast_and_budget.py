"""A run goes on after its pilot only where the budget covers the upper end of the forecast."""

import pytest

from pairmill.config import RunConfig, parse_config
from pairmill.core.costing import Budget
from pairmill.core.errors import BudgetError, ConfigError
from pairmill.core.forecasting import Asked, Forecast, Range
from services.standalone.pilot import asked_of, check_forecast

TOKENS = {"tokens": Range(mean=900.0, low=800.0, high=1000.0)}
MONEY = {"cost": Range(mean=9.0, low=8.0, high=10.0)}


def foretold(amounts: dict[str, Range]) -> Forecast:
    return Forecast(num_tried=20, num_pairs=100, amounts=amounts)


def test_the_upper_end_decides() -> None:
    check_forecast(foretold(TOKENS), Budget(limit=1000, tokens=True))
    check_forecast(foretold(TOKENS | MONEY), Budget(limit=10))
    with pytest.raises(BudgetError, match="may need 1,000 tokens, and the budget is 950 tokens"):
        check_forecast(foretold(TOKENS), Budget(limit=950, tokens=True))
    with pytest.raises(BudgetError, match=r"may need 10, and the budget is 9\.5"):
        check_forecast(foretold(TOKENS | MONEY), Budget(limit=9.5))


def test_money_without_prices_is_refused() -> None:
    with pytest.raises(ConfigError, match="its price"):
        check_forecast(foretold(TOKENS), Budget(limit=10))


def test_only_stages_that_ask_a_model_are_forecast() -> None:
    assert asked_of(RunConfig()) == {}
    chat = {"model": "pen/1", "concurrency": 8}
    config = parse_config({"instructing": {"instructor": "llm", "chat": chat}})
    assert asked_of(config) == {"instruct": Asked(model="pen/1", at_once=8)}


def test_prices_make_no_other_run() -> None:
    priced = parse_config({"prices": {"pen/1": {"prompt": 1.0}}})
    assert priced.digest == RunConfig().digest
    with pytest.raises(ConfigError, match=r"prices.pen/1.prompt"):
        parse_config({"prices": {"pen/1": {"prompt": -1.0}}})
