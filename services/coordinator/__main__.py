"""Conduct every active run until SIGTERM: `python -m services.coordinator`."""

import sys

from pairmill.core.errors import StopError
from pairmill.settings import read_settings
from pairmill.telemetry import log_to_stderr
from pairmill.wiring import Stores
from services.coordinator.leading import lead_until_stopped


def main() -> int:
    """Lead, or wait to lead; return the exit status."""
    log_to_stderr()
    try:
        return lead_until_stopped(Stores(read_settings()))
    except StopError as error:
        print(error, file=sys.stderr)
        return 3


if __name__ == "__main__":
    sys.exit(main())
