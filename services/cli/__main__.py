"""The command `pairmill`: gathers the commands, one file each; errors become one clear line."""

import argparse
import sys

from pairmill import __version__
from pairmill.core.errors import StopError
from services.cli import (
    cancel,
    demo,
    evaluate,
    report,
    retry,
    run,
    runs,
    search,
    show,
    submit,
    upload,
    watch,
)
from services.cli.screen import ERRORS

ABOUT = """Turn a pile of images into a universal multimodal retriever.

begin with:  pairmill run --corpus PHOTOS --out MILL
then:        pairmill search MILL --image shoe.jpg --text "the same in red"
or try:      pairmill demo
on a cluster: pairmill submit --corpus s3://bucket/photos --watch"""

COMMANDS = (
    run, search, show, evaluate, demo,
    submit, runs, watch, cancel, retry, report, upload,
)  # fmt: skip


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    top = argparse.ArgumentParser(
        prog="pairmill", description=ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    top.add_argument("--version", action="version", version=f"pairmill {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add_to(commands)
    return top


def main() -> None:
    """Run one command; exit 3 with a message where the user must change something."""
    given = parser().parse_args()
    try:
        given.do(given)
    except StopError as error:
        ERRORS.print(f"stopped: {error}", style="bold red", markup=False, soft_wrap=True)
        sys.exit(3)
    except KeyboardInterrupt:
        ERRORS.print("interrupted: start the same command again to go on")
        sys.exit(130)


if __name__ == "__main__":
    main()
