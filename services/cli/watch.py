"""`pairmill watch`: how far a run on a cluster is, until it ends."""

import argparse
import time

from rich.live import Live

from pairmill.client_runs import Runs
from pairmill.core.errors import StopError
from pairmill.pipeline.standing import Standing
from services.cli.arguments import Commands, command
from services.cli.board import draw_board, next_steps
from services.cli.gateway import gateway, takes_a_run_name, takes_gateway
from services.cli.pace import Paces
from services.cli.screen import CONSOLE

EXAMPLE = """pairmill watch laptop-1a2b3c4d

ctrl-c leaves; the run goes on, and the same command watches it again"""


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = command(commands, "watch", "how far a run on a cluster is, until it ends",
                     EXAMPLE)  # fmt: skip
    takes_a_run_name(parser)
    takes_gateway(parser)
    parser.set_defaults(do=watch)


def watch(given: argparse.Namespace) -> None:
    """Show a bar per node; end with the run's state and what to do next."""
    with gateway(given) as runs:
        follow(runs, given.run)


def follow(runs: Runs, run: str) -> None:
    """Show a run until it ends; StopError where it was stopped."""
    paces, now = Paces(), None
    with Live(console=CONSOLE, refresh_per_second=4) as live:
        for now in runs.watch(run):
            seconds = time.monotonic()
            heard = [paces.hear(seconds, node) for node in now.nodes]
            live.update(draw_board(now, heard), refresh=True)
    if now:
        tell_end(now)


def tell_end(standing: Standing) -> None:
    """Say how a run ended and what may be done next; StopError where it was stopped."""
    run, why = standing.submitted.run, standing.end.why if standing.end else ""
    steps = next_steps(standing)
    if standing.state == "stopped":
        raise StopError("\n".join([f"run {run} was stopped: {why}", *steps]))
    told = f"run {run}: {standing.state}" + (f" ({why})" if why else "")
    for line in (told, *steps):
        CONSOLE.print(line, markup=False, soft_wrap=True)
