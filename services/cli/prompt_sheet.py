"""Put side by side what several settings made of the same pairs: a table, and a page with pictures.

Knows what was tried and how pages are put together; asks nothing.
"""

from collections.abc import Iterator, Sequence
from html import escape

from rich.table import Table

from pairmill.core.costing import tokens_of
from services.cli.page import figure, page, table
from services.cli.search import about
from services.standalone.finished import FinishedRun
from services.standalone.trying import Effort, Tried

HEAD = ("setting", "pairs", "kept", "instructions", "words each", "vocabulary", "leaking",
        "fell at gates", "faulty answers", "tokens a pair")  # fmt: skip


def figures(tried: Tried) -> tuple[object, ...]:
    """Return a setting's row: kept are pairs with an instruction that passes the gates over texts;
    tokens are those of all answers, whether they were asked for now or lay in the cache."""
    census, fallen = tried.census.to_plain(), tried.fallen
    return (
        tried.name, len(tried.efforts), tried.num_kept, census["texts"], census["words_mean"],
        census["vocabulary"], sum(n for rule, n in fallen.items() if rule.startswith("leak")),
        ", ".join(f"{rule} {num:,}" for rule, num in fallen.items()),
        sum(used.faulty for used in tried.used),
        round(sum(map(tokens_of, tried.used)) / max(len(tried.efforts), 1), 1),
    )  # fmt: skip


def as_table(every: Sequence[Tried]) -> Table:
    """Return the rows for a terminal."""
    shown = Table(title="the same pairs by several writers", title_justify="left")
    for name in HEAD:
        shown.add_column(name, justify="left" if name in ("setting", HEAD[7]) else "right")
    for tried in every:
        shown.add_row(*(f"{value:,}" if isinstance(value, int | float) else str(value)
                        for value in figures(tried)))  # fmt: skip
    return shown


def as_page(run: FinishedRun, every: Sequence[Tried]) -> str:
    """Return the page."""
    parts = [table(HEAD, map(figures, every)), *_pairs(run, every)]
    return page("The same pairs by several writers", about(run), parts)


def _pairs(run: FinishedRun, every: Sequence[Tried]) -> Iterator[str]:
    for efforts in zip(*(tried.efforts for tried in every), strict=True):
        pair = efforts[0].pair
        images = "".join(
            figure(run.picture(image), f"{name}: {run.caption(image)}".removesuffix(": "))
            for name, image in (("query", pair.query_id), ("target", pair.target_id))
        )
        sides = "".join(_side(tried, effort) for tried, effort in zip(every, efforts, strict=True))
        yield f"<div class='pair'>{images}<div class='side'>{sides}</div></div>"


def _side(tried: Tried, effort: Effort) -> str:
    parts = [f"<h3>{escape(tried.name)}</h3>"]
    if effort.description:
        parts.append(f"<p class='small'>{escape(effort.description.text)}</p>")
    if effort.why:
        parts.append(f"<p class='fell'>{escape(effort.why)}</p>")
    sifted = tried.sifted.get(effort.pair.pair_id)
    if sifted:
        kept = [f"<li><q>{escape(each.written.text)}</q> <span class='small'>"
                f"{escape(each.written.kind)}</span></li>" for each in sifted.kept]  # fmt: skip
        fell = [f"<li class='fell'><q>{escape(each.text)}</q> <span class='small'>"
                f"{escape(each.finding.rule)}: {escape(each.finding.value)}</span></li>"
                for each in sifted.fallen]  # fmt: skip
        parts.append(f"<ul>{''.join([*kept, *fell])}</ul>")
    return f"<div>{''.join(parts)}</div>"
