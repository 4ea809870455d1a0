"""Run one Celery worker over one connection: hand messages over until told to stop.

Knows Celery's worker, a handler and a canary; knows no ledger. The worker is single (pool
`solo`): a task runs in the calling thread, no signal is taken over, and a stop is looked for
between messages. Celery's own shutdowns lose tasks on this pool and are never asked for.
"""

import logging
import time
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from celery import Celery
from celery.exceptions import Reject, WorkerShutdown
from celery.worker.consumer import Consumer
from kombu import Producer
from redis import Redis, exceptions

from pairmill.adapters.queue.celery_app import make_queue
from pairmill.adapters.queue.celery_lease import UNACKED_INDEX, kept
from pairmill.adapters.queue.messages import CANARY, TASK, ForeignError, read_task
from pairmill.ports.queue import Handler, Serving, Task
from pairmill.telemetry import event

POLL_SECONDS = 1.0
MAX_UNREADABLE = 20
"""Messages in a row that the transport cannot take apart; then its connection is made anew."""
UNREADABLE = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    RecursionError,
    exceptions.DataError,
)


@dataclass
class Visit:
    """What is served, by whom, and what came of it.

    canary: the queue that only this process reads. raised: what ended the handler, if anything.
    """

    serving: Serving
    handler: Handler
    redis: Redis
    prefix: str
    visibility_seconds: float
    canary: str
    raised: BaseException | None = field(default=None)

    @property
    def over(self) -> bool:
        """Say whether no further task may be handed over."""
        return self.serving.stop.is_set() or self.raised is not None

    def hand_over(self, task: Task, tag: str) -> None:
        """Do a task; one that came too late, or whose handler raised, goes back."""
        if self.over:
            raise Reject("stopping", requeue=True)
        index = self.prefix + UNACKED_INDEX
        try:
            with kept(self.redis, index, tag, self.visibility_seconds):
                self.handler(task)
        except BaseException as error:
            self.raised = error
        if self.raised is not None:  # not while it is handled: Celery clears what it finds there
            raise Reject("the handler raised", requeue=True)


class Listener(Consumer):  # type: ignore[misc]
    """Celery's consumer with a loop that stops when told to, and survives any message."""

    def __init__(self, *given: Any, visit: Visit, **more: Any) -> None:
        super().__init__(*given, **more)
        self._visit = visit
        self._canary_at = 0.0

    def loop(self, *_: object) -> None:
        """Read messages until the visit is over; a lost connection goes through."""
        self._take = self.create_task_handler()
        self.task_consumer.on_message = self._received
        self.task_consumer.consume()
        unreadable = 0
        while not self._visit.over:
            self._sing()
            try:
                self.connection.drain_events(timeout=POLL_SECONDS)
                unreadable = 0
            except TimeoutError:
                unreadable = 0
            except UNREADABLE as error:
                unreadable += 1
                if unreadable >= MAX_UNREADABLE:
                    raise
                thrown_away(f"not a message ({type(error).__name__})")
        raise WorkerShutdown(0)

    def on_decode_error(self, message: Any, error: Exception) -> None:
        """Throw a message away whose body cannot be read."""
        thrown_away(f"a body that cannot be read ({type(error).__name__})")
        message.reject()

    def _received(self, message: Any) -> None:
        self._visit.serving.heard()
        if message.delivery_info.get("routing_key") == self._visit.canary:
            message.ack()
            return
        try:
            read_task(message, self._visit.serving.stages)
        except ForeignError as error:
            thrown_away(str(error))
            message.reject()
            return
        try:
            self._take(message)
        except UNREADABLE as error:  # not the message's fault, which is still there
            raise RuntimeError(f"Celery failed to take a task: {error!r}") from error

    def _sing(self) -> None:
        """Ring in the canary's queue, which Redis drops should this process be killed."""
        now = time.monotonic()
        if now < self._canary_at:
            return
        visit, seconds = self._visit, self._visit.serving.canary_seconds
        self._canary_at = now + seconds
        send(self.app, Producer(self.connection), CANARY, visit.canary, {})
        visit.redis.expire(visit.prefix + visit.canary, int(3 * seconds) + 1)


def listen(app: Celery, visit: Visit) -> None:
    """Serve over one connection, until it is lost or the visit is over."""

    def ring(self: Any, run: str, node: str, shard: str) -> None:
        tag = self.request.properties["delivery_tag"]
        visit.hand_over(Task(run=run, node=node, shard=shard), tag)

    app.task(name=TASK, bind=True, shared=False)(ring)
    app.set_current()  # for this thread: where the pool looks the task up
    worker = app.WorkController(
        consumer_cls=partial(Listener, visit=visit),
        hostname=f"{visit.canary}@pairmill",
        use_eventloop=False,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    try:
        worker.blueprint.start(worker)
    except WorkerShutdown as ended:
        if ended.__cause__ is not None:
            raise ended.__cause__ from None
    finally:
        worker.stop()


def send(app: Celery, producer: Producer, name: str, queue: str, told: dict[str, str]) -> None:
    """Put one message of names into a queue."""
    into = make_queue(queue)
    app.send_task(name, kwargs=told, queue=into, producer=producer, ignore_result=True)


def thrown_away(why: str) -> None:
    """Note that a message was no task."""
    event("message thrown away", level=logging.WARNING, why=why)
