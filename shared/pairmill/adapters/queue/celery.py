"""Deliver tasks between processes by Celery on Redis. Knows names of stages; knows no ledger.

At least once, in no promised order, and a message may be lost: who must not lose a task asks the
ledger what is due, and rings again.
"""

import logging
import threading
import time
import uuid
from contextlib import suppress

from kombu import Connection, Producer
from kombu.exceptions import OperationalError
from redis import exceptions

from pairmill.adapters.queue.celery_app import make_app
from pairmill.adapters.queue.celery_drain import Draining
from pairmill.adapters.queue.celery_logs import forward_logs
from pairmill.adapters.queue.celery_worker import Visit, listen, send
from pairmill.adapters.queue.messages import TASK, arguments
from pairmill.adapters.redis import TRIES, ask, open_redis, pause
from pairmill.core.errors import ConfigError
from pairmill.ports.queue import Handler, Serving, Task
from pairmill.settings import RedisSettings
from pairmill.telemetry import event

VISIBILITY_SECONDS = 300.0
CALM_SECONDS = 10.0
"""A connection that held so long was a good one: its loss is not counted with those before."""


class CeleryQueue:
    """One queue for each stage, beneath the settings' prefix.

    A broker that is away while publishing is asked again with pauses, then RetryError; one that
    refuses the user or password is ConfigError, while serving too. One call of `serve` at a time
    in a process.

    Args:
        redis: the broker, and the prefix of every key.
        visibility_seconds: how long after the death of a worker its message comes again.
        tries: further tries after a call that found no server.
    """

    def __init__(
        self,
        redis: RedisSettings,
        *,
        visibility_seconds: float = VISIBILITY_SECONDS,
        tries: int = TRIES,
    ) -> None:
        self._settings, self._visibility, self._tries = redis, visibility_seconds, tries
        self._redis = open_redis(redis)
        secret = self._redis.connection_pool.connection_kwargs.get("password")
        forward_logs(secret or "")
        self._app = make_app(redis, visibility_seconds)
        self._lock = threading.Lock()
        self._connection: Connection | None = None

    def publish(self, task: Task) -> None:
        """Ring for one task."""
        told = arguments(task)
        with self._lock:
            ask(self._redis, lambda: self._send(task.stage, told), tries=self._tries)

    def drain(self, node: str, handler: Handler) -> int:
        """Hand tasks of one node to `handler` until none is left; return how many were handed.

        Messages of other nodes of the stage are held back meanwhile, and put back at the end.
        """
        ask(self._redis, self._redis.ping, tries=self._tries)
        draining = Draining(self._redis, self._settings.prefix, self._visibility)
        with self._app.connection_for_read() as connection:
            return draining.drain(connection, node, handler)

    def serve(self, serving: Serving, handler: Handler) -> None:
        """Hand tasks of these stages to `handler` until told to stop.

        What the handler raises ends the serving and is raised; that message comes again. Without
        stages this is the consumer that hands out what killed workers left.
        """
        canary = f"canary-{uuid.uuid4().hex[:12]}"
        visit = Visit(
            serving=serving, handler=handler, redis=self._redis, prefix=self._settings.prefix,
            visibility_seconds=self._visibility, canary=canary,
        )  # fmt: skip
        failures = 0
        while not visit.over:
            started = time.monotonic()
            try:
                ask(self._redis, self._redis.ping, tries=0)
                self._listen(visit)
            except ConfigError:
                raise
            except Exception as error:
                failures = failures + 1 if time.monotonic() < started + CALM_SECONDS else 0
                event("broker lost", level=logging.WARNING, error=repr(error)[:500])
                serving.stop.wait(pause(failures))
        with suppress(exceptions.RedisError, OSError):
            self._redis.delete(self._settings.prefix + canary)
        if visit.raised is not None:
            raise visit.raised

    def length(self, stage: str) -> int:
        """Return how many messages wait in a stage's queue."""
        key = self._settings.prefix + stage
        return int(ask(self._redis, lambda: self._redis.llen(key), tries=self._tries))

    def close(self) -> None:
        """Close the connections; a later call opens them again."""
        with self._lock:
            self._hang_up()
        self._redis.close()

    def _listen(self, visit: Visit) -> None:
        app = make_app(self._settings, self._visibility, [*visit.serving.stages, visit.canary])
        with app:
            listen(app, visit)

    def _send(self, stage: str, told: dict[str, str]) -> None:
        try:
            if self._connection is None:
                self._redis.ping()  # kombu would knock for long at a closed door
                self._connection = self._app.connection_for_write()
            send(self._app, Producer(self._connection), TASK, stage, told)
        except OperationalError as error:
            self._hang_up()
            raise error.__cause__ or error from None
        except BaseException:
            self._hang_up()
            raise

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.release()
        self._connection = None
