"""Serve the retriever that an alias names, until SIGTERM: `python -m services.retriever`."""

import argparse
import sys
import threading
from contextlib import suppress
from pathlib import Path

from pairmill.core.errors import RetryError, StopError
from pairmill.server import serve
from pairmill.settings import read_settings
from pairmill.telemetry import log_to_stderr
from pairmill.wiring import Stores
from pairmill.working.patience import wait_for_stores
from services.retriever.choice import choose
from services.retriever.servicer import make_face


def main() -> int:
    """Serve; return the exit status: 3 where the settings cannot work."""
    parser = argparse.ArgumentParser(prog="python -m services.retriever", description=__doc__)
    parser.add_argument("--root", type=Path, help="folder instead of PAIRMILL_ROOT")
    given = parser.parse_args()
    log_to_stderr()
    try:
        settings = read_settings()
        settings = settings.at(given.root) if given.root else settings
        stores = Stores(settings)
        wait_for_stores(stores, threading.Event(), ledger=False)
        with suppress(RetryError):  # from here on a store that is away costs readiness alone
            choose(stores.objects, settings.retriever)
        serve(make_face(stores), settings.server)
    except StopError as error:
        print(error, file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
