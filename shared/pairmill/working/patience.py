"""Wait for servers that are still starting, and give up on those that will never answer.

Knows the stores; knows no stage. All parts of an installation start at once, in no order.
"""

import logging
import threading
import time

from pairmill.core.errors import RetryError, StopError
from pairmill.telemetry import event
from pairmill.wiring import Stores

PAUSE_SECONDS = 1.0


def wait_for_stores(stores: Stores, stop: threading.Event, *, ledger: bool = True) -> None:
    """Return once objects and, if it is wanted, the ledger answer, or when told to stop.

    Raises StopError where they refuse for longer than the setting `start_seconds`: a wrong password
    looks the same after a minute. A server that is merely away is waited for without end, for the
    startup probe to judge.
    """
    began, settings = time.monotonic(), stores.settings
    served = settings.objects == "minio" or (ledger and settings.ledger == "redis")
    patience = settings.start_seconds if served else 0.0
    while not stop.is_set():
        try:
            stores.objects.exists("pairmill.json")
            if ledger:
                stores.ledger.backlog("ingest")
            return
        except StopError as error:
            if time.monotonic() - began > patience:
                raise
            _tell(error)
        except RetryError as error:
            _tell(error)
        stop.wait(PAUSE_SECONDS)


def _tell(error: Exception) -> None:
    event("waiting for a server", level=logging.WARNING, error=str(error))
