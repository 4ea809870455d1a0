"""Every task queue that the suite judges: a new adapter adds one line to QUEUES."""

import uuid
from collections.abc import Generator
from contextlib import closing

import pytest

from pairmill.adapters.queue.celery import CeleryQueue
from pairmill.adapters.queue.inline import InlineQueue
from pairmill.ports.queue import TaskQueue
from tests.servers.processes import RedisServer

QUEUES = ["inline", pytest.param("celery", marks=pytest.mark.servers)]


@pytest.fixture(params=QUEUES)
def queue(request: pytest.FixtureRequest) -> Generator[TaskQueue]:
    """A fresh, empty queue."""
    if request.param == "inline":
        yield InlineQueue()
        return
    server: RedisServer = request.getfixturevalue("redis_server")
    with closing(CeleryQueue(server.settings(f"test-{uuid.uuid4().hex}:"))) as queue:
        yield queue
