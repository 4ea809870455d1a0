"""`pairmill runs`: which runs a cluster knows, and how they stand."""

import argparse
from datetime import datetime
from itertools import islice

from rich.table import Table

from pairmill.pipeline.standing import Standing
from services.cli.arguments import Commands, at_least, command
from services.cli.board import TONES
from services.cli.gateway import gateway, takes_gateway
from services.cli.screen import CONSOLE

EXAMPLE = """pairmill runs --num 100
  pairmill runs --gateway mill.example:50050"""


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = command(commands, "runs", "which runs a cluster knows, and how they stand",
                     EXAMPLE)  # fmt: skip
    parser.add_argument("--num", type=at_least(1), default=20,
                        help="how many, the last one submitted first (default: 20)")  # fmt: skip
    takes_gateway(parser)
    parser.set_defaults(do=runs)


def runs(given: argparse.Namespace) -> None:
    """Print a table of runs."""
    with gateway(given) as known:
        found = list(islice(known.list(), given.num + 1))
    if not found:
        CONSOLE.print("no run yet: pairmill submit --corpus s3://bucket/prefix")
        return
    table = Table("run", "corpus", "state", "submitted", "under way")
    for standing in found[: given.num]:
        table.add_row(*_row(standing))
    CONSOLE.print(table)
    if len(found) > given.num:
        CONSOLE.print(f"and more: pairmill runs --num {given.num * 5}")


def _row(standing: Standing) -> list[str]:
    asked, tone = standing.submitted, TONES[standing.state]
    state = f"[{tone}]{standing.state}[/{tone}]"
    if standing.num_failed:
        state += f" [red]({standing.num_failed:,} tasks failed)[/red]"
    under_way = ", ".join(standing.under_way) if standing.state == "active" else ""
    return [asked.run, asked.corpus, state, _local(asked.time), under_way]


def _local(time: str) -> str:
    """Return a moment in the time of this machine."""
    return datetime.fromisoformat(time).astimezone().strftime("%Y-%m-%d %H:%M") if time else ""
