"""`pairmill retry`: give a run's failed tasks another chance."""

import argparse

from services.cli.arguments import Commands, command
from services.cli.gateway import gateway, takes_a_run_name, takes_gateway
from services.cli.screen import CONSOLE


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = command(commands, "retry", "go on with a run that was cancelled, stopped or failed",
                     "pairmill retry laptop-1a2b3c4d")  # fmt: skip
    takes_a_run_name(parser)
    takes_gateway(parser)
    parser.set_defaults(do=retry)


def retry(given: argparse.Namespace) -> None:
    """Bring failed tasks back and say what happens now."""
    with gateway(given) as runs:
        done = runs.retry(given.run)
    if done.standing.state == "finished":
        CONSOLE.print(f"run {given.run}: finished without a failed task; nothing to retry")
        return
    again = "active again" if done.reopened else "active, as before"
    CONSOLE.print(f"run {given.run}: {again}; {done.tasks:,} tasks get another chance")
    CONSOLE.print(f"next:   pairmill watch {given.run}", soft_wrap=True)
