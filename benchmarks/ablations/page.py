"""Make `docs/ablations.md` from a result and the notes by hand; measures nothing."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from services.standalone.ablating.comparing import Compared, compare, to_mean
from services.standalone.ablating.paper import (
    BENCHMARKS,
    NEGATIVES,
    NUM_PAIRS,
    SCALING,
    SPACES,
    Table,
)
from services.standalone.ablating.switches import groups
from services.standalone.ablating.table import make_table, markdown, show

HERE = Path(__file__).parent
RESULT = HERE.parent / "results" / "ablation-emoji.json"
NOTES = HERE / "notes.yaml"
PAGE = HERE.parent.parent / "docs" / "ablations.md"
PLOT = PAGE.parent / "images" / "ablations.png"
HEAD = """# Ablations

What each part of the pipeline is worth: one thing is changed at a time. Made by `make docs` from
[a result](../benchmarks/results/ablation-emoji.json) and
[notes by hand](../benchmarks/ablations/notes.yaml); do not edit. `pairmill ablate --help` says how
to do the same on your own images, `pairmill ablate --list` what each switch changes.

Figures are recall@1 in percent; ± is the 95 % interval of the t distribution over seeds. *Against
full* is the difference to the base, seed by seed; bold where its interval leaves out zero.

"""
HOW_TO_READ = """The paper's figure is the mean of its four benchmarks ({names}), ours composed
recall@1, so that only directions can be compared: *agrees* or *differs* where our interval leaves
out zero, else *not told apart*.

"""


def make_page(result: Mapping[str, Any], notes: Mapping[str, str]) -> str:
    """Return the page's text.

    result: a result of `benchmarks`, its details those of `ablation.json`. notes: by switch.
    """
    found, machine = result["details"], result["machine"]
    parts = [HEAD, _about(found, result["date"], machine), make_table(found), "\n"]
    parts.append("![a bar a switch, and the scaling curves](images/ablations.png)\n\n")
    parts.append("## Beside the paper\n\n")
    parts.append(HOW_TO_READ.format(names=", ".join(BENCHMARKS)))
    parts += [_beside(table, found, notes) for table in (NEGATIVES, SPACES)]
    parts.append(_scaling(found, notes))
    parts.append(_others(found, notes))
    return "".join(parts).rstrip() + "\n"


def _about(found: Mapping[str, Any], date: str, machine: Mapping[str, Any]) -> str:
    seeds = ", ".join(map(str, found["seeds"]))
    varies = "everything that is drawn" if found["vary"] == "all" else "the batches alone"
    return (
        f"Preset `{found['preset']}`, seeds {seeds} (a seed changes {varies}), {date}, "
        f"{machine['cores']} cores, {machine['cpu']}.\n\n"
    )


def _beside(table: Table, found: Mapping[str, Any], notes: Mapping[str, str]) -> str:
    """Return one of the paper's tables with ours beside it, and what the notes say of it."""
    rows = compare(table, found["means"])
    head = ["the paper's setting", "our switch", *BENCHMARKS, "paper, against its last",
            "ours, composed", "ours, against full", "direction"]  # fmt: skip
    lines = [
        [c.row.label, f"`{c.row.switch}`", *(f"{score:.1f}" for score in c.row.scores),
         "" if c.verdict == "base" else f"{c.theirs:+.1f}", show(c.mean),
         "" if c.verdict == "base" else show(c.difference, sign=True), c.verdict]
        for c in rows
    ]  # fmt: skip
    title = f"### {table.name.capitalize()}: {table.title}\n\n"
    return title + markdown(head, lines) + "\n" + _notes(rows, notes)


def _scaling(found: Mapping[str, Any], notes: Mapping[str, str]) -> str:
    """Return our scaling curve and the paper's, as two short tables."""
    sizes = [switch.name for switch in groups()["sizes"] if switch.name in found["means"]]
    if not sizes:
        return ""
    lines = []
    for name in sizes:
        runs = [r for r in found["runs"] if r["switch"] == name and "figures" in r]
        num = round(sum(run["learnt"] for run in runs) / len(runs))
        mean = to_mean(found["means"][name].get("composed"))
        lines.append([f"`{name}`", f"{num:,}", show(mean)])
    theirs = [[f"{num:,}", *(f"{SCALING[name][place]:.1f}" for name in SCALING)]
              for place, num in enumerate(NUM_PAIRS)]  # fmt: skip
    return (
        "### Figure 2: how many pairs\n\n"
        + markdown(["our switch", "mined triplets", "composed"], lines) + "\n"
        + markdown(["the paper's pairs", *SCALING], theirs) + "\n"
        + _told(sizes, notes)
    )  # fmt: skip


def _others(found: Mapping[str, Any], notes: Mapping[str, str]) -> str:
    """Return the notes on switches that the paper has no table of."""
    known = {row.switch for table in (NEGATIVES, SPACES) for row in table.rows}
    known |= {switch.name for switch in groups()["sizes"]}
    told = _told([name for name in found["switches"] if name not in known], notes)
    return f"## What else was seen\n\n{told}" if told else ""


def _notes(rows: Sequence[Compared], notes: Mapping[str, str]) -> str:
    return _told([row.row.switch for row in rows], notes)


def _told(switches: Sequence[str], notes: Mapping[str, str]) -> str:
    lines = [f"* `{name}`: {' '.join(notes[name].split())}\n" for name in switches if name in notes]
    return "".join(lines) + "\n" if lines else ""


def write_page() -> None:
    """Rewrite the page, if there is a result."""
    if RESULT.exists():
        notes = yaml.safe_load(NOTES.read_text("utf-8")) or {}
        PAGE.write_text(make_page(json.loads(RESULT.read_text("utf-8")), notes), "utf-8")


if __name__ == "__main__":
    write_page()
