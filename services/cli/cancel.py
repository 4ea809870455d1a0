"""`pairmill cancel`: end a run on a cluster."""

import argparse

from services.cli.arguments import Commands, command
from services.cli.gateway import gateway, takes_a_run_name, takes_gateway
from services.cli.screen import CONSOLE


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = command(commands, "cancel", "end a run on a cluster; what it has done stays",
                     'pairmill cancel laptop-1a2b3c4d --why "too many images"')  # fmt: skip
    takes_a_run_name(parser)
    parser.add_argument("--why", default="", metavar="TEXT", help="kept with the run")
    takes_gateway(parser)
    parser.set_defaults(do=cancel)


def cancel(given: argparse.Namespace) -> None:
    """Cancel a run and say what stays."""
    with gateway(given) as runs:
        runs.cancel(given.run, given.why)
    CONSOLE.print(f"run {given.run}: cancelled; what it has done stays", markup=False)
    CONSOLE.print(f"go on:  pairmill retry {given.run}", markup=False, soft_wrap=True)
