"""Show what language models cost, or will cost, as tables. Knows the report and forecasts."""

from typing import Any

from rich.table import Table

from pairmill.core.forecasting import Forecast
from services.cli.screen import CONSOLE


def show_costs(cost: dict[str, Any]) -> None:
    """Print what was asked, by stage and model, and what a thousand kept triplets cost."""
    table = Table(title="what it cost", title_justify="left")
    columns = ("stage", "model", "answers", "cached", "faulty", "requests", "read", "written",
               "seconds", "cost")  # fmt: skip
    for name in columns:
        table.add_column(name, justify="left" if name in ("stage", "model") else "right")
    for row in cost["asked"]:
        counts = [f"{row[name]:,}" for name in ("answers", "cached", "faulty", "requests",
                                                "prompt_tokens", "completion_tokens")]  # fmt: skip
        table.add_row(row["stage"], row["model"], *counts, f"{row['wall_seconds']:,.1f}",
                      money(row["cost"]))  # fmt: skip
    CONSOLE.print(table)
    for name, told in (("spent", "asked for"), ("without_cache", "with all that was cached")):
        CONSOLE.print(f"{told}: {_sums(cost[name])}", soft_wrap=True)


def show_forecast(found: Forecast) -> None:
    """Print what a run will use, each amount with its interval."""
    title = f"forecast from {found.num_tried:,} of {found.num_pairs:,} pairs"
    table = Table(title=title, title_justify="left")
    for name in ("all pairs", "mean", "from", "to (19 times of 20)"):
        table.add_column(name, justify="left" if name == "all pairs" else "right")
    for name, one in found.amounts.items():
        tell = money if name == "cost" else _whole
        table.add_row(name.replace("_", " "), tell(one.mean), tell(one.low), tell(one.high))
    CONSOLE.print(table)


def _whole(amount: float) -> str:
    return f"{amount:,.0f}" if amount >= 10 else f"{amount:,.2g}"


def money(amount: float | None) -> str:
    """Return an amount of the prices' currency; a dash where there is no price."""
    return "–" if amount is None else f"{amount:,.4g}"


def _sums(sums: dict[str, Any]) -> str:
    told = f"{sums['tokens']:,} tokens"
    if sums["cost"] is not None:
        told += f", {money(sums['cost'])}"
    if sums["tokens_per_thousand"] is not None:
        each = f"{sums['tokens_per_thousand']:,.0f} tokens"
        if sums["cost_per_thousand"] is not None:
            each += f", {money(sums['cost_per_thousand'])}"
        told += f"; {each} for a thousand kept triplets"
    return told
