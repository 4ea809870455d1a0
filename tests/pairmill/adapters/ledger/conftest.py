"""Every ledger that the suite judges: a new adapter adds one line to LEDGERS."""

from collections.abc import Callable

import pytest

from pairmill.adapters.ledger.memory import MemoryLedger
from pairmill.ports.ledger import Ledger

MAX_ATTEMPTS, LEASE_SECONDS = 3, 60.0


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


LEDGERS: dict[str, Callable[[Clock], Ledger]] = {
    "memory": lambda clock: MemoryLedger(MAX_ATTEMPTS, LEASE_SECONDS, clock),
}


@pytest.fixture
def clock() -> Clock:
    """The clock of the test's ledger."""
    return Clock()


@pytest.fixture(params=LEDGERS)
def ledger(request: pytest.FixtureRequest, clock: Clock) -> Ledger:
    """A fresh, empty ledger: three attempts, leases of a minute."""
    return LEDGERS[request.param](clock)


@pytest.fixture(params=LEDGERS)
def make_ledger(request: pytest.FixtureRequest) -> Callable[[Clock], Ledger]:
    """A function that makes a fresh, empty ledger, for tests that need many."""
    return LEDGERS[request.param]
