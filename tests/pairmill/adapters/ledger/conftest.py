"""Every ledger that the suite judges: a new adapter adds one line to LEDGERS."""

import uuid
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing

import pytest

from pairmill.adapters.ledger.memory import MemoryLedger
from pairmill.adapters.ledger.redis import RedisLedger
from pairmill.ports.ledger import Ledger, Limits
from tests.servers.processes import RedisServer

LIMITS = Limits(max_attempts=3, lease_seconds=60.0, backoff_seconds=8.0)
LEDGERS = ["memory", pytest.param("redis", marks=pytest.mark.servers)]


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


Make = Callable[[Clock], Ledger]


@pytest.fixture
def clock() -> Clock:
    """The clock of the test's ledger."""
    return Clock()


@pytest.fixture(params=LEDGERS)
def make_ledger(request: pytest.FixtureRequest) -> Generator[Make]:
    """A function that makes a fresh, empty ledger, for tests that need many."""
    if request.param == "memory":
        yield lambda clock: MemoryLedger(LIMITS, clock)
        return
    server: RedisServer = request.getfixturevalue("redis_server")
    with ExitStack() as stack:

        def make(clock: Clock) -> Ledger:
            settings = server.settings(f"test-{uuid.uuid4().hex}:")
            return stack.enter_context(closing(RedisLedger(settings, LIMITS, clock)))

        yield make


@pytest.fixture
def ledger(make_ledger: Make, clock: Clock) -> Ledger:
    """A fresh, empty ledger: three attempts, leases of a minute, a back-off of 8 s."""
    return make_ledger(clock)
