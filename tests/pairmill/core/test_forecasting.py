"""A forecast's interval holds the truth as often as it says, and knows what it has seen."""

import numpy as np
import pytest

from pairmill.core.costing import Price
from pairmill.core.forecasting import Asked, forecast, pilot_size, range_of, t_975
from pairmill.core.synthesis import RawAnswer


def test_a_pilot_takes_one_of_a_hundred_and_at_least_twenty() -> None:
    assert [pilot_size(n) for n in (5, 20, 150, 2000, 2001, 100_000)] == [5, 20, 20, 20, 21, 1000]


@pytest.mark.parametrize(
    ("freedom", "value"), [(4, 2.776), (10, 2.228), (19, 2.093), (30, 2.042), (1000, 1.962)]
)
def test_quantiles_are_those_of_the_tables(freedom: int, value: float) -> None:
    assert t_975(freedom) == pytest.approx(value, abs=0.01)


def test_the_interval_holds_the_truth_nineteen_times_of_twenty() -> None:
    drawn, held = np.random.default_rng(5), 0
    for _ in range(1000):
        tokens = drawn.gamma(8.0, 50.0, 400)  # skewed, as answers that were repaired are
        found = range_of(tokens[:20].tolist(), 400)
        held += found.low <= tokens.sum() <= found.high
    assert 920 <= held <= 970


def test_what_was_seen_whole_has_no_interval_and_one_value_foretells_nothing() -> None:
    found = range_of([1.0, 2.0, 3.0], 3)
    assert (found.low, found.mean, found.high) == (6.0, 6.0, 6.0)
    assert range_of([5.0, 5.0], 100).high == pytest.approx(500)
    assert range_of([0.0, 100.0], 4).low == 100.0  # that much was used already
    with pytest.raises(ValueError, match="two or more"):
        range_of([1.0], 2)


def answer(pair: str, stage: str, tokens: int, seconds: float = 2.0) -> RawAnswer:
    return RawAnswer(ask_digest="d", stage=stage, record_id=pair, model="served as", seed=0,
                     prompt_version="p", text="x", parsed_ok=True, prompt_tokens=tokens,
                     completion_tokens=10, seconds=seconds)  # fmt: skip


def test_tokens_time_and_money_are_summed_by_pair_and_silent_pairs_count() -> None:
    stages = {"describe": Asked(model="seer", at_once=4), "instruct": Asked(model="pen", at_once=2)}
    raw = [answer(pair, stage, 90) for pair in ("a", "b") for stage in stages]
    raw.append(answer("b", "instruct", 90))  # a repair
    found = forecast(raw, {"a": True, "b": True, "c": False}, 30, stages, {"seer": Price()})
    assert found.amounts["tokens"].mean == pytest.approx(500 / 3 * 30)
    assert found.amounts["answers"].mean == pytest.approx(50)
    assert found.amounts["seconds"].mean == pytest.approx((2 * 0.5 + 3 * 1.0) * 10)
    assert found.amounts["kept"].mean == pytest.approx(20)
    assert "cost" not in found.amounts
    prices = {"seer": Price(prompt=1e6), "pen": Price(gpu_hour=3600, gpus=2)}
    priced = forecast(raw, {"a": True, "b": True, "c": False}, 30, stages, prices)
    assert priced.amounts["cost"].mean == pytest.approx((2 * 90 + 3 * 1.0 * 2) * 10)
