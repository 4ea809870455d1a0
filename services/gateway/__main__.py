"""Serve runs, from the settings alone: `python -m services.gateway`."""

import sys

from pairmill.core.errors import StopError
from pairmill.server import serve
from pairmill.settings import read_settings
from pairmill.telemetry import log_to_stderr
from pairmill.wiring import Stores
from services.gateway.face import face_of, wide_enough
from services.gateway.rooms import Rooms

STOPPED = 3


def main() -> int:
    """Serve until SIGTERM; return the exit status."""
    log_to_stderr()
    try:
        settings = read_settings()
        serve(face_of(Rooms(Stores(settings))), wide_enough(settings.server))
    except StopError as error:
        print(error, file=sys.stderr)
        return STOPPED
    return 0


if __name__ == "__main__":
    sys.exit(main())
