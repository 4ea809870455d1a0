"""The queue shell: a process that takes tasks of its stages until it is told to end.

Knows the ports, the worker and the probes; the stages are handed in, so it knows none of them.
"""

import logging
import threading
import time
from dataclasses import dataclass, field

import numpy as np

from pairmill.config import RunConfig
from pairmill.core.errors import RetryError, RootError, StopError, WeightsError
from pairmill.pipeline.plan import stage
from pairmill.pipeline.runs import Places
from pairmill.pipeline.standing import end_run, ended
from pairmill.ports.queue import Serving, Task
from pairmill.telemetry import event
from pairmill.wiring import Ports, Stores
from pairmill.worker import Worker
from pairmill.working.desk import Stages, needs
from pairmill.working.lease import Drained
from pairmill.working.metrics import READY, TASK_SECONDS, TASKS, WORKING
from pairmill.working.opened import OpenRuns
from pairmill.working.patience import wait_for_stores
from pairmill.working.probes import probes
from pairmill.working.signals import stop_on_signals

CANARY_SECONDS = 30.0
SILENT_SECONDS = 10 * CANARY_SECONDS
"""An idle worker that heard not even its own canary for so long consumes no more."""


@dataclass
class Shell:
    """Takes tasks one at a time, whatever their run."""

    service: str
    stages: Stages
    stores: Stores
    stop: threading.Event
    ready: str = "loading"
    heard_at: float = field(default_factory=time.monotonic)
    working: bool = False

    def __post_init__(self) -> None:
        self.owner = self.stores.owner_name()
        self._runs = OpenRuns(self.stores)

    def heard(self) -> None:
        """Note that something came through the queue."""
        self.heard_at = time.monotonic()

    def live(self) -> str:
        """Return why this process ought to be started anew, or an empty text."""
        silent = time.monotonic() - self.heard_at
        if self.ready or self.working or silent < SILENT_SECONDS:
            return ""
        return f"heard nothing for {silent:.0f} s, not even a canary"

    def warm_up(self) -> None:
        """Connect, load what the stages need, and pass a canary through it."""
        ports = Ports(self.stores, RunConfig(), Places(source=""))
        wait_for_stores(self.stores, self.stop)
        if needs(self.stages, "encoder") or needs(self.stages, "scales"):
            encoder = ports.encoder
            white_BHWC = np.full((1, 224, 224, 3), 255, np.uint8)
            images, texts = encoder.image_features(white_BHWC), encoder.text_features(["a canary"])
            if not (np.isfinite(images).all() and np.isfinite(texts).all()):
                raise WeightsError("the canary's features are not finite: weights or device fail")
        self.ready = ""
        READY.labels(self.service).set(1)

    def handle(self, task: Task) -> bool:
        """Do one task; nothing that it raises takes the shell with it."""
        started, self.working = time.monotonic(), True
        WORKING.labels(self.service).set(1)
        try:
            outcome = self._outcome(task)
        finally:
            self.working = False
            WORKING.labels(self.service).set(0)
            self.heard()
        TASKS.labels(self.service, task.stage, outcome).inc()
        TASK_SECONDS.labels(self.service, task.stage).observe(time.monotonic() - started)
        return outcome not in ("again", "drained")

    def _outcome(self, task: Task) -> str:
        try:
            return self._do(task)
        except Drained:
            return "drained"
        except StopError as error:
            self._end(task, str(error))
            return "stopped"
        except Exception as error:
            event("delivery failed", level=logging.ERROR, run=task.run, node=task.node,
                  shard=task.shard, error=repr(error))  # fmt: skip
            self.stop.wait(self.stores.settings.backoff_seconds)
            return "again"

    def _do(self, task: Task) -> str:
        try:
            ports, graph = self._runs.open(task.run)
            node = graph.node(task.node)
        except (RootError, KeyError) as error:
            return self._refused(task, str(error.args[0]))
        if node.stage.name not in self.stages:
            return self._refused(task, f"not a stage of the {self.service}")
        if ended(self.stores.objects, task.run) is not None:
            return "settled"
        worker = Worker(ports, graph, self.stages, owner=self.owner, stop=self.stop, patient=True)
        return "settled" if worker.handle(task) else "again"

    def _refused(self, task: Task, why: str) -> str:
        event("message refused", level=logging.WARNING, run=task.run, node=task.node,
              shard=task.shard, why=why)  # fmt: skip
        return "refused"

    def _end(self, task: Task, why: str) -> None:
        """A StopError: no other attempt can help, so the run waits for its people."""
        event("run stopped", level=logging.ERROR, run=task.run, node=task.node, why=why)
        try:
            end_run(self.stores.objects, task.run, "stopped", f"{task.node}: {why}")
        except (StopError, RetryError) as error:
            event("store fails", level=logging.ERROR, error=str(error))


def serve_queues(service: str, stages: Stages, stores: Stores) -> int:
    """Take tasks of a service's queued stages until SIGTERM; return the exit status."""
    queued = [name for name in stages if not stage(name).job]
    if not queued:
        raise StopError(f"the {service} works by jobs alone; give it a RUN")
    with stop_on_signals() as stop:
        shell = Shell(service, stages, stores, stop)
        with probes(stores.settings, live=shell.live, ready=lambda: shell.ready):
            shell.warm_up()
            event("worker ready", service=service, stages=queued, owner=shell.owner)
            serving = Serving(stages=queued, stop=stop, heard=shell.heard,
                              canary_seconds=CANARY_SECONDS)  # fmt: skip
            if not stop.is_set():
                stores.queue.serve(serving, shell.handle)
    event("worker ended", service=service, owner=shell.owner)
    return 0
