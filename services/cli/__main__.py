"""The command `pairmill`: gathers the commands, one file each; errors become one clear line."""

import argparse
import importlib
import sys

from pairmill import __version__
from pairmill.core.errors import BudgetError, ConfigError, StopError
from services.cli.screen import ERRORS

ABOUT = """Turn a pile of images into a universal multimodal retriever.

begin with:  pairmill run --corpus PHOTOS --out MILL
then:        pairmill search MILL --image shoe.jpg --text "the same in red"
or try:      pairmill demo
on a cluster: pairmill submit --corpus s3://bucket/photos --watch"""

COMMANDS = (
    "run", "search", "show", "compare-prompts", "evaluate", "ablate", "demo", "gemma",
    "submit", "runs", "watch", "cancel", "retry", "report", "upload",
)  # fmt: skip
"""Their modules have these names, with `_` for `-`; one is imported alone, so that `submit` needs
no torch."""


def parser(only: str = "") -> argparse.ArgumentParser:
    """Return the parser of the whole command line, or of one command of it."""
    top = argparse.ArgumentParser(
        prog="pairmill", description=ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    top.add_argument("--version", action="version", version=f"pairmill {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in [only] if only in COMMANDS else COMMANDS:
        try:
            command = importlib.import_module(f"services.cli.{name.replace('-', '_')}")
        except ModuleNotFoundError as error:
            if name == only:
                raise ConfigError(NEEDS.format(name=name, missing=error.name)) from None
            continue
        command.add_to(commands)
    return top


NEEDS = "`pairmill {name}` needs {missing}: pip install 'pairmill[standalone]'"


def main() -> None:
    """Run one command; exit 3 with a message where the user must change something, and 4 where a
    budget is used up."""
    try:
        given = parser(sys.argv[1] if len(sys.argv) > 1 else "").parse_args()
        given.do(given)
    except StopError as error:
        ERRORS.print(f"stopped: {error}", style="bold red", markup=False, soft_wrap=True)
        sys.exit(4 if isinstance(error, BudgetError) else 3)
    except KeyboardInterrupt:
        ERRORS.print("interrupted: start the same command again to go on")
        sys.exit(130)


if __name__ == "__main__":
    main()
