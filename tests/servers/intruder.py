"""Put messages of others into the queues of a site, which share its Redis. Knows no service."""

import json
import threading

import redis

from pairmill.adapters.queue.celery import CeleryQueue
from pairmill.ports.queue import Task
from pairmill.settings import RedisSettings

STAGES = ("ingest", "dedupe", "caption", "embed", "bands", "mine", "select", "describe", "instruct",
          "gate", "edit", "embed_edits", "split", "index")  # fmt: skip


def intrude(settings: RedisSettings, stop: threading.Event) -> None:
    """Put what nobody can use into every queue, before and between the messages of a run."""
    queue = CeleryQueue(settings)
    with redis.Redis.from_url(settings.url.get_secret_value()) as server:
        queue.publish(Task(run="nobodys", node="scratch", shard="000000"))
        ours = server.lpop(f"{settings.prefix}scratch")
        assert isinstance(ours, bytes)
        while not stop.wait(1):
            for stage in STAGES:
                for number, data in enumerate(_foreign(ours)):
                    push = server.rpush if number % 2 else server.lpush
                    push(settings.prefix + stage, data)
                queue.publish(Task(run="nobodys", node=stage, shard="000000"))
    queue.close()


def _foreign(ours: bytes) -> list[bytes]:
    """Return messages of others: bytes, another task, a path for a name, one that is too large."""
    message = json.loads(ours)
    other = {**message, "headers": {**message["headers"], "task": "shop.send_mail"}}
    return [
        b"\x00\xffgarbage",
        b"{}",
        json.dumps(other).encode(),
        ours.replace(b"nobodys", b"../nobodys"),
        json.dumps({**message, "body": message["body"] + "A" * 100_000}).encode(),
    ]
