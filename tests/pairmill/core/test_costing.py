"""Prices over usage, budgets as people write them, and what a thousand triplets cost."""

import pytest

from pairmill.core.costing import (
    Budget,
    Price,
    Spent,
    cost_of,
    count_answers,
    parse_budget,
    tokens_of,
)
from pairmill.core.errors import ConfigError
from pairmill.core.synthesis import RawAnswer, Usage

SEER = Usage(stage="describe", model="seer", answers=10, prompt_tokens=2_000_000,
             completion_tokens=500_000, wall_seconds=1800.0, seconds=90_000.0)  # fmt: skip
SCRIBE = Usage(stage="instruct", model="scribe", answers=5, prompt_tokens=1000,
               completion_tokens=100)  # fmt: skip


def test_tokens_cost_by_the_million_and_gpus_by_the_hour_that_passes() -> None:
    assert Price(prompt=0.5, completion=2.0).of(SEER) == pytest.approx(0.5 * 2 + 2.0 * 0.5)
    assert Price(gpu_hour=3.0, gpus=2).of(SEER) == pytest.approx(3.0 * 2 * 0.5)
    assert Price().of(SEER) == 0


@pytest.mark.parametrize(("text", "limit", "tokens"), [
    ("20", 20.0, False), ("0.5", 0.5, False), (".5", 0.5, False), ("5Mtok", 5e6, True),
    ("1.5Gtok", 1.5e9, True), ("300ktok", 300_000.0, True), ("9000tok", 9000.0, True),
])  # fmt: skip
def test_a_budget_is_money_or_tokens(text: str, limit: float, tokens: bool) -> None:
    assert parse_budget(text) == Budget(limit=limit, tokens=tokens)


@pytest.mark.parametrize("text", ["", "0", "0tok", "-3", "5M", "20 EUR", "nan", "1e3", "5mtok"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="wanted an amount such as 20"):
        parse_budget(text)


def test_a_model_without_a_price_costs_nobody_knows_what() -> None:
    prices = {"seer": Price(prompt=1.0)}
    assert cost_of([SEER], prices) == pytest.approx(2.0)
    assert cost_of([SEER, SCRIBE], prices) is None
    assert cost_of([SEER, Usage(stage="instruct", model="scribe")], prices) == pytest.approx(2.0)
    assert Budget(limit=1, tokens=True).of([SEER, SCRIBE], {}) == tokens_of(SEER) + 1100
    with pytest.raises(ConfigError, match="'scribe'"):
        Budget(limit=1).of([SEER, SCRIBE], prices)


def raw(record: str, *, good: bool = True, requests: int = 1) -> RawAnswer:
    return RawAnswer(
        ask_digest=record, stage="describe", record_id=record, model="seer", prompt_version="p",
        seed=1, text="x" if requests else "", parsed_ok=good, prompt_tokens=100 * requests,
        completion_tokens=10 * requests, requests=requests,
    )  # fmt: skip


def test_answers_are_counted_with_those_at_fault_and_refused_questions_are_not() -> None:
    rows = count_answers([raw("a"), raw("b", good=False), raw("c", good=False, requests=0)])
    assert rows == [{"stage": "describe", "model": "seer", "answers": 2, "faulty": 1,
                     "prompt_tokens": 200, "completion_tokens": 20}]  # fmt: skip


def test_a_thousand_kept_triplets_cost_what_all_questions_cost_together() -> None:
    answers = (SEER, SCRIBE)
    prices = {"seer": Price(prompt=1.0), "scribe": Price(completion=10.0)}
    told = Spent(asked=(SCRIBE,), answers=answers, kept=500, prices=prices).to_plain()
    assert told["spent"] == {"tokens": 1100, "cost": pytest.approx(0.001),
                             "tokens_per_thousand": 2200.0,
                             "cost_per_thousand": pytest.approx(0.002)}  # fmt: skip
    assert told["without_cache"]["cost_per_thousand"] == pytest.approx(2 * 2.001)
    nothing = Spent(asked=(SCRIBE,), answers=answers).to_plain()
    assert nothing["spent"]["cost"] is None
    assert nothing["spent"]["tokens_per_thousand"] is None
