"""Arguments that several commands share. Knows argparse and amounts."""

import argparse
from pathlib import Path
from typing import Any

from pairmill.core.costing import Budget, parse_budget

Commands = Any
"""What `ArgumentParser.add_subparsers` returns; argparse keeps its type private."""


def command(commands: Commands, name: str, about: str, example: str) -> argparse.ArgumentParser:
    """Add a command with its one-line help and an example below its options."""
    added: argparse.ArgumentParser = commands.add_parser(
        name, help=about, description=about, epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    return added


def takes_a_run(parser: argparse.ArgumentParser, *, sheet: bool = True) -> None:
    """Add the arguments that name a finished run and where a contact sheet goes."""
    parser.add_argument("out", type=Path, metavar="DIR", help="output folder of `pairmill run`")
    parser.add_argument("--run", default="", help="name of a run in it (default: the latest)")
    if sheet:
        parser.add_argument(
            "--sheet", type=Path, metavar="PNG", help="where the contact sheet goes"
        )


def at_least(least: int) -> Any:
    """Return an argument type: a whole number not below `least`."""

    def whole_number(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"{value} is below {least}")
        return value

    return whole_number


def a_budget(text: str) -> Budget:
    """Return a budget of money or of tokens, as an argument type."""
    try:
        return parse_budget(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
