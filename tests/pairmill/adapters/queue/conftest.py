"""Every task queue that the suite judges: a new adapter adds one line to QUEUES."""

from collections.abc import Callable

import pytest

from pairmill.adapters.queue.inline import InlineQueue
from pairmill.ports.queue import TaskQueue

QUEUES: dict[str, Callable[[], TaskQueue]] = {"inline": InlineQueue}


@pytest.fixture(params=QUEUES)
def queue(request: pytest.FixtureRequest) -> TaskQueue:
    """A fresh, empty queue."""
    return QUEUES[request.param]()
