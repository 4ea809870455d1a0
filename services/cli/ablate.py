"""`pairmill ablate`: the same pipeline with one thing changed at a time, over several seeds."""

import argparse
from pathlib import Path
from typing import Any

from rich.table import Table

from pairmill.core.errors import ConfigError, StopError
from services.cli.ablation_bars import AblationBars
from services.cli.ablation_plot import draw_ablation
from services.cli.arguments import Commands, command
from services.cli.screen import CONSOLE
from services.standalone.ablating.asking import Ablation, read_ablation
from services.standalone.ablating.running import RESULT, Ablating
from services.standalone.ablating.switches import groups
from services.standalone.ablating.table import make_table, rows_of

ABOUT = """example:
  pairmill ablate --config ablation.yaml --out ablation/

the file, in YAML:
  corpus: photos/                  # gallery, benchmark, captions: as `pairmill run` takes them
  preset: laptop                   # the base; what stands under config is laid over it
  config: {training: {compose_steps: 200}}
  seeds: [0, 1, 2]                 # each switch is run with each seed
  vary: all                        # or `training`: only the batches differ, which is cheaper
  switches:                        # names of groups, of switches, or your own
    - negatives
    - space-caption
    - cooler: {training: {temperature: 0.02}}

`full`, the base itself, is always run. Runs share what they have in common, so that a switch of
the training costs a training. Stopped or killed, the same command goes on. DIR holds ablation.json
(every figure), ablation.md (a table with 95 % intervals over the seeds), ablation.png, and the
runs, which `pairmill show DIR --run NAME` and others open."""
TABLE, PLOT = "ablation.md", "ablation.png"
PLACES = ("corpus", "gallery", "benchmark", "captions")


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = command(
        commands, "ablate", "measure what each part is worth: a table and a plot over seeds", ""
    )
    parser.epilog = ABOUT
    add = parser.add_argument
    add("--config", type=Path, metavar="FILE", help="YAML that says what to ablate; see below")
    add("--out", type=Path, metavar="DIR", help="where everything goes")
    add("--list", action="store_true", help="print every built-in switch, and end")
    for name in PLACES:
        add(f"--{name}", metavar="PATH", help=f"in place of the file's {name}")
    add("--seeds", type=int, nargs="+", metavar="N", help="in place of the file's seeds")
    add("--switches", nargs="+", metavar="NAME", help="in place of the file's switches")
    parser.set_defaults(do=ablate)


def ablate(given: argparse.Namespace) -> None:
    """Do what is left of an ablation; print its table and write its files."""
    if given.list:
        list_switches()
        return
    if given.config is None or given.out is None:
        raise ConfigError("wanted --config FILE and --out DIR, or --list for the switches")
    names = (*PLACES, "seeds", "switches")
    over = {name: getattr(given, name) for name in names if getattr(given, name)}
    asked = read_ablation(given.config, over)
    given.out.mkdir(parents=True, exist_ok=True)
    with AblationBars(num_runs(asked)) as bars:
        found = Ablating(asked, given.out, bars).run()
    tell(found, given.out)


def num_runs(asked: Ablation) -> int:
    """Return how many runs an ablation has."""
    return len(asked.chosen) * len(asked.seeds)


def tell(found: dict[str, Any], out: Path) -> None:
    """Print the table, write it and the plot; StopError where runs failed."""
    (out / TABLE).write_text(make_table(found), "utf-8")
    CONSOLE.print(short_table(found))
    CONSOLE.print(f"table:   {out / TABLE}", soft_wrap=True)
    plot = draw_ablation(found)
    if plot is not None:
        plot.save(out / PLOT)
        CONSOLE.print(f"plot:    {out / PLOT}", soft_wrap=True)
    CONSOLE.print(f"figures: {out / RESULT}", soft_wrap=True)
    failed = [run for run in found["runs"] if "error" in run]
    if failed:
        raise StopError(
            f"{len(failed)} of {len(found['runs'])} runs failed; the same command tries them again"
        )


def short_table(found: dict[str, Any]) -> Table:
    """Return the table without the benchmark's tasks, for a terminal."""
    head, rows = rows_of(found, tasks=False)
    table = Table(title="recall@1, %", title_justify="left", box=None, pad_edge=False)
    for number, name in enumerate(head):
        table.add_column(name, justify="right" if number else "left", no_wrap=not number)
    for row in rows:
        table.add_row(*(cell.strip("`*") for cell in row))
    return table


def list_switches() -> None:
    """Print every built-in switch, group by group."""
    for group, switches in groups().items():
        CONSOLE.print(f"\n[bold]{group}[/bold]")
        for switch in switches:
            CONSOLE.print(f"  {switch.name:<38} {switch.about}", markup=False, highlight=False,
                          soft_wrap=True)  # fmt: skip
