"""Lead: look at every active run, again and again, as long as the lease of the leader is held.

Knows the stores and runs; knows no stage. Any number of coordinators may run; one leads. A leader
that is killed is replaced once its lease is over, and loses nothing: all it knows is in commits.
"""

import logging
import threading
import time
from dataclasses import dataclass, field

from pairmill.core.errors import RetryError, StopError
from pairmill.pipeline.plan import PLAN
from pairmill.pipeline.standing import active_runs, end_run, ended_runs
from pairmill.ports.queue import Serving
from pairmill.telemetry import event
from pairmill.wiring import Stores
from pairmill.working.opened import OpenRuns
from pairmill.working.patience import wait_for_stores
from pairmill.working.probes import probes
from pairmill.working.signals import stop_on_signals
from services.coordinator.conducting import Conducting
from services.coordinator.figures import (
    ACTIVE_RUNS,
    LEADING,
    OPEN_TASKS,
    QUEUED,
    STEP_SECONDS,
)

LEADER = "coordinator"
LEASE_TICKS = 5
"""How many looks a leader may miss; also at least LEAST_LEASE_SECONDS."""
LEAST_LEASE_SECONDS = 5.0
LEAST_PAUSE_SECONDS = 0.02
PAUSE_LOOKS = 2.0
"""Between two looks, however much happens: as long as two of them took, so that looking leaves the
store to those who work."""


@dataclass
class Coordinator:
    """Conducts all active runs of one object store."""

    stores: Stores
    stop: threading.Event
    ready: str = "starting"
    looked_at: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        settings = self.stores.settings
        self.owner = self.stores.owner_name()
        self.lease = max(LEASE_TICKS * settings.tick_seconds, LEAST_LEASE_SECONDS)
        self._runs = OpenRuns(self.stores)
        self._conducted: dict[str, Conducting] = {}
        self._led = False

    def live(self) -> str:
        """Return why this process ought to be started anew, or an empty text."""
        silent = time.monotonic() - self.looked_at
        return f"looked at nothing for {silent:.0f} s" if silent > 20 * self.lease else ""

    def run(self) -> None:
        """Lead whenever nobody else does, until told to stop."""
        settings = self.stores.settings
        while not self.stop.is_set():
            try:
                began = time.monotonic()
                leads = self._lead()
                self.ready, self.looked_at = "", time.monotonic()
                pause = max(LEAST_PAUSE_SECONDS, PAUSE_LOOKS * (self.looked_at - began))
                if leads:
                    self.stores.ledger.wait(settings.tick_seconds)
                self.stop.wait(
                    min(pause, settings.tick_seconds) if leads else settings.tick_seconds
                )
            except RetryError as error:
                self.looked_at = time.monotonic()
                event("waiting for a server", level=logging.WARNING, error=str(error))
                self.stop.wait(settings.tick_seconds)
        self._resign()

    def _lead(self) -> bool:
        """Look at every active run if this coordinator leads; say whether it does."""
        leads = self.stores.ledger.lead(LEADER, self.owner, self.lease)
        LEADING.set(leads)
        if not leads:
            self._led = False
            self._conducted.clear()
            return False
        if not self._led:
            event("leading", owner=self.owner)
            for run in ended_runs(self.stores.objects):
                self.stores.ledger.forget(run)  # its last leader may not have come to it
            self._led = True
        self.step()
        return True

    def step(self) -> None:
        """Look at every active run once."""
        with STEP_SECONDS.time():
            active = active_runs(self.stores.objects)
            ACTIVE_RUNS.set(len(active))
            for run in active:
                self._conduct(run)
            for run in [run for run in self._conducted if run not in active]:
                self._conducted.pop(run).close()
            self.stores.jobs.spare(self.stores.ledger.holders())
            for stage in PLAN:
                OPEN_TASKS.labels(stage.name).set(self.stores.ledger.backlog(stage.name))
                QUEUED.labels(stage.name).set(self.stores.queue.length(stage.name))

    def _conduct(self, run: str) -> None:
        """One run's fault must not keep the others from going on."""
        try:
            if run not in self._conducted:
                ports, graph = self._runs.open(run)
                self._conducted[run] = Conducting(ports, graph)
                event("run conducted", run=run)
            self._conducted[run].step()
        except StopError as error:
            event("run stopped", level=logging.ERROR, run=run, why=str(error))
            end_run(self.stores.objects, run, "stopped", str(error))

    def _resign(self) -> None:
        try:
            self.stores.ledger.resign(LEADER, self.owner)
        except RetryError:
            return


def _restore_messages(stores: Stores, stop: threading.Event) -> None:
    """Hand back, in the background, what workers had that were killed: a broker on Redis does so
    only while somebody consumes, and all workers may be scaled away."""
    serving = Serving(stages=[], stop=stop)

    def restore() -> None:
        try:
            stores.queue.serve(serving, lambda task: True)
        except StopError as error:  # the ledger is told the same, and ends this process
            event("messages are not restored", level=logging.ERROR, error=str(error))

    threading.Thread(target=restore, name="restore", daemon=True).start()


def lead_until_stopped(stores: Stores) -> int:
    """Be a coordinator until SIGTERM; return the exit status."""
    with stop_on_signals() as stop:
        coordinator = Coordinator(stores, stop)
        with probes(stores.settings, live=coordinator.live, ready=lambda: coordinator.ready):
            event("coordinator up", owner=coordinator.owner)
            wait_for_stores(stores, stop)
            _restore_messages(stores, stop)
            coordinator.run()
    event("coordinator ended", owner=coordinator.owner)
    return 0
