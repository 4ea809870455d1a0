"""Keep a message that is under way from being handed to somebody else. Knows one private key.

Celery's Redis transport hands a message out again once it is older than the visibility timeout,
however healthy its worker; writing its age anew is a heartbeat.
"""

import logging
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager

from redis import Redis, exceptions

from pairmill.telemetry import event

UNACKED_INDEX = "unacked_index"
"""kombu's sorted set of delivery tags by the time of delivery; a test holds it to that."""
BEATS = 4
"""How often in a visibility timeout."""


@contextmanager
def kept(redis: Redis, index: str, tag: str, visibility_seconds: float) -> Generator[None]:
    """Write the age of the message `tag` anew for as long as the block runs.

    A message that is no longer there (an emptied Redis) is not put back: the ledger, not the
    queue, says who may do a task.
    """
    done = threading.Event()

    def beat() -> None:
        while not done.wait(visibility_seconds / BEATS):
            try:
                redis.zadd(index, {tag: time.time()}, xx=True)
            except (exceptions.RedisError, OSError) as error:
                event("lease not kept", level=logging.WARNING, error=type(error).__name__)

    thread = threading.Thread(target=beat, name="queue-lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
