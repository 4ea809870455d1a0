"""The command `pairmill`: binds each command's file to its name; errors become one clear line."""

import sys
import warnings

import typer

from pairmill.core.errors import StopError
from services.cli.demo import demo, sample
from services.cli.evaluate import evaluate
from services.cli.run import run
from services.cli.screen import ERRORS
from services.cli.search import search
from services.cli.show import show

app = typer.Typer(
    help="Turn a pile of images into a universal multimodal retriever.\n\n"
    "Start with: pairmill run --corpus PHOTOS --out MILL",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (run, search, show, evaluate, sample, demo):
    app.command()(command)


def main() -> None:
    """Run one command; exit 3 with a message where the user must change something."""
    warnings.filterwarnings("ignore", category=UserWarning, module="torch")
    try:
        app()
    except StopError as error:
        ERRORS.print(f"[bold red]stopped[/bold red]: {error}", highlight=False, soft_wrap=True)
        sys.exit(3)
    except KeyboardInterrupt:
        ERRORS.print("interrupted: start the same command again to go on")
        sys.exit(130)


if __name__ == "__main__":
    main()
