"""`pairmill gemma`: a small language model on this machine, to try what a language model writes."""

import argparse
import signal
import threading
from types import FrameType

from pairmill.settings import read_settings
from services.cli.arguments import Commands, at_least, command
from services.cli.screen import CONSOLE
from services.standalone.gemma import MODEL, Serving, free_cores, joined_weights, serve

PORT = 8270
"""Where the preset `gemma` looks for it."""
NEXT = """{model} answers at {url} until Ctrl-C. In another shell:
  PAIRMILL_CHAT__BASE_URL={url} \\
    pairmill run --preset gemma --corpus photos/ --captions captions.csv --out mill/"""


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = command(
        commands, "gemma", "serve a small language model here, for `run --preset gemma`",
        "pairmill gemma --threads 2",
    )  # fmt: skip
    add = parser.add_argument
    add("--port", type=at_least(0), default=PORT, help=f"0: any free one (default: {PORT})")
    add("--threads", type=at_least(1), default=free_cores(),
        help="cores that it takes; more than are idle make it many times slower "
        "(default: all that there are)")  # fmt: skip
    add("--slots", type=at_least(1), default=1, help="questions answered at once (default: 1)")
    parser.set_defaults(do=gemma)


def gemma(given: argparse.Namespace) -> None:
    """Serve until told to stop."""
    stop = threading.Event()

    def told(number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)  # a second one ends it at once

    weights = joined_weights(read_settings().cache)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, told)
    how = Serving(port=given.port, threads=given.threads, slots=given.slots)
    with serve(weights, how) as url:
        CONSOLE.print(NEXT.format(model=MODEL, url=url), soft_wrap=True, markup=False)
        while not stop.wait(1.0):
            pass
    CONSOLE.print("stopped")
