"""Put an ablation's means into Markdown. Knows plain values; draws nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.standalone.ablating.comparing import to_mean
from services.standalone.ablating.switches import FULL
from services.standalone.ablating.weighing import Mean

KINDS = {
    "composed": "composed", "image_only": "image only", "text_only": "text only",
    "text_to_image": "text → image", "image_to_image": "image → image",
    "validation/composed": "validation",
}  # fmt: skip
"""Figures of the table by name, and what its head calls them."""

Found = Mapping[str, Any]
"""What `ablation.json` holds."""


def make_table(found: Found) -> str:
    """Return the table of all switches of `ablation.json`: recall@1 in percent, with intervals."""
    if not found["means"]:
        return "No run has come to an end.\n" + _failed(found)
    return markdown(*rows_of(found, tasks=True)) + _failed(found)


def rows_of(found: Found, *, tasks: bool) -> tuple[list[str], list[list[str]]]:
    """Return head and rows; tasks: with a column for each task of the benchmark."""
    known = {name for figures in found["means"].values() for name in figures}
    kinds = [name for name in KINDS if name in known]
    of_tasks = sorted(name for name in known if name.startswith("composed/")) if tasks else []
    names = [*kinds[:1], *of_tasks, *kinds[1:]]
    titles = [KINDS.get(name) or name.partition("/")[2].replace("_", " ") for name in names]
    head = ["switch", *titles[:1], "against full", *titles[1:], "triplets", "seeds"]
    rows = [_row(found, switch, names) for switch in found["switches"]]
    return head, [*_before(found, names), *rows]


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table; the first column is flush left, the others right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def show(mean: Mean | None, *, sign: bool = False) -> str:
    """Return a share as percent with its interval, `–` where there is none.

    sign: show a plus, too, and print bold where the interval leaves out zero.
    """
    if mean is None:
        return "–"
    told = f"{100 * mean.mean:+.1f}" if sign else f"{100 * mean.mean:.1f}"
    if mean.half is not None:
        told += f" ± {100 * mean.half:.1f}"
    return f"**{told}**" if sign and mean.sure else told


def _row(found: Found, switch: str, names: Sequence[str]) -> list[str]:
    figures = found["means"].get(switch, {})
    shown = [show(to_mean(figures.get(name))) for name in names]
    first = figures.get(names[0]) if names else None
    less = show(to_mean(first["difference"]), sign=True) if first else "–"
    runs = [r for r in found["runs"] if r["switch"] == switch and "figures" in r]
    triplets = {run["learnt"] for run in runs}
    told = f"{min(triplets):,}" if triplets else "–"
    if len(triplets) > 1:
        told += f" – {max(triplets):,}"
    published = sum(run["published"] for run in runs)
    seeds = f"{len(runs)}" if published == len(runs) else f"{len(runs)}, {published} published"
    return [f"`{switch}`", *shown[:1], "" if switch == FULL else less, *shown[1:], told, seeds]


def _before(found: Found, names: Sequence[str]) -> list[list[str]]:
    """Return the row of the retriever that nobody trained."""
    runs = [r for r in found["runs"] if r["switch"] == FULL and "before" in r]
    if not runs:
        return []
    before = runs[0]["before"]
    shown = [f"{100 * before[name]:.1f}" if name in before else "–" for name in names]
    return [["untrained", *shown[:1], "", *shown[1:], "–", "–"]]


def _failed(found: Found) -> str:
    failed = [run for run in found["runs"] if "error" in run]
    lines = [f"* `{run['switch']}`, seed {run['seed']}: {run['error']}\n" for run in failed]
    return f"\nFailed:\n\n{''.join(lines)}" if failed else ""
