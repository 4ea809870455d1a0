"""`pairmill report`: every figure of a run on a cluster."""

import argparse
import json
from pathlib import Path

from services.cli.arguments import Commands, command
from services.cli.costs import show_costs
from services.cli.gateway import gateway, takes_a_run_name, takes_gateway
from services.cli.screen import CONSOLE, show_report


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = command(commands, "report", "every figure of a run that finished on a cluster",
                     "pairmill report laptop-1a2b3c4d --json report.json")  # fmt: skip
    takes_a_run_name(parser)
    parser.add_argument("--json", type=Path, metavar="FILE", help="where all figures go")
    takes_gateway(parser)
    parser.set_defaults(do=report)


def report(given: argparse.Namespace) -> None:
    """Print the tables of a run, and keep all figures where that is asked for."""
    with gateway(given) as runs:
        figures = runs.report(given.run)
    show_report(figures)
    if "cost" in figures:
        show_costs(figures["cost"])
    if given.json:
        text = json.dumps(figures, indent=2, sort_keys=True, ensure_ascii=False)
        given.json.write_text(text + "\n", "utf-8")
        CONSOLE.print(f"report: {given.json}", soft_wrap=True)
