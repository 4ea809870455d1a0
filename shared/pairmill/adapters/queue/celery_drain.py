"""Take a node's messages in the calling thread until none is left. Knows no worker of Celery."""

from dataclasses import dataclass
from typing import Any

from kombu import Connection
from redis import Redis

from pairmill.adapters.queue.celery_lease import UNACKED_INDEX, kept
from pairmill.adapters.queue.celery_worker import UNREADABLE, thrown_away
from pairmill.adapters.queue.messages import ForeignError, read_task
from pairmill.ports.queue import Handler, Task


@dataclass(frozen=True)
class Draining:
    """One connection's way through a queue."""

    redis: Redis
    prefix: str
    visibility_seconds: float

    def drain(self, connection: Connection, node: str, handler: Handler) -> int:
        """Hand tasks of one node to `handler` until none is left; return how many were handed."""
        channel, queue = connection.default_channel, node.partition("@")[0]
        others: list[Any] = []
        num_handed = 0
        try:
            while (found := self._next(channel, queue)) is not None:
                message, task = found
                if task.node == node:
                    num_handed += 1
                    self._hand_over(message, task, handler)
                else:
                    others.append(message)
        finally:
            for message in others:
                message.requeue()
        return num_handed

    def _hand_over(self, message: Any, task: Task, handler: Handler) -> None:
        """Acknowledge a task that is done; put one back, behind the others, that is not."""
        index, done = self.prefix + UNACKED_INDEX, False
        try:
            with kept(self.redis, index, message.delivery_tag, self.visibility_seconds):
                done = handler(task)
        finally:
            if done:
                message.ack()
            else:
                message.requeue()

    def _next(self, channel: Any, queue: str) -> tuple[Any, Task] | None:
        """Return the next message that is a task; throw others away."""
        while True:
            try:
                message = channel.basic_get(queue)
            except UNREADABLE as error:
                thrown_away(f"not a message ({type(error).__name__})")
                continue
            if message is None:
                if self.redis.llen(self.prefix + queue):  # an empty text looks like no message
                    continue
                return None
            try:
                return message, read_task(message, [queue])
            except ForeignError as error:
                thrown_away(str(error))
                message.reject()
