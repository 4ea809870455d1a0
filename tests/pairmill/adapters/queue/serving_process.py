"""A worker in a process of its own, to be killed: claims, works for a while, completes.

Arguments: the broker's address, the prefix, seconds for each task, seconds of the visibility
timeout, stages. It pushes the shard of each task that it completed to `<prefix>did`, and of each
that it began to `<prefix>began`.
"""

import os
import signal
import sys
import threading
import time
from types import FrameType

from pydantic import SecretStr

from pairmill.adapters.ledger.redis import RedisLedger
from pairmill.adapters.queue.celery import CeleryQueue
from pairmill.adapters.redis import ask, open_redis
from pairmill.core.errors import RetryError
from pairmill.ports.ledger import Limits, Standing
from pairmill.ports.queue import Serving, Task
from pairmill.settings import RedisSettings

LIMITS = Limits(max_attempts=50, lease_seconds=2.0, backoff_seconds=0.1)


def main(url: str, prefix: str, work: str, visibility: str, *stages: str) -> None:
    """Serve until SIGTERM."""
    settings = RedisSettings(url=SecretStr(url), prefix=prefix)
    queue = CeleryQueue(settings, visibility_seconds=float(visibility))
    ledger, redis = RedisLedger(settings, LIMITS), open_redis(settings)
    stop, owner = threading.Event(), f"{os.getpid()}/x"

    def note(key: str, shard: str) -> None:
        ask(redis, lambda: redis.rpush(prefix + key, shard))

    def handle(task: Task) -> bool:
        if ledger.claim(task, owner).standing is not Standing.GRANTED:
            return True
        note("began", task.shard)
        time.sleep(float(work))
        if ledger.complete(task, owner):
            note("did", task.shard)
        return True

    def handler(task: Task) -> bool:
        try:
            return handle(task)
        except RetryError:
            return False

    def on_term(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_term)
    queue.serve(Serving(stages=stages, stop=stop, canary_seconds=1.0), handler)
    for closed in (queue, ledger, redis):
        closed.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
