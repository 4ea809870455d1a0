"""The queue shell: claim a task, run its stage, commit, complete; retry or bury what fails.

Knows the ports and the commit rule; the stages are handed in, so it knows none of them.
"""

import inspect
import logging
import os
import time
import traceback
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pairmill import __version__
from pairmill.core.errors import StopError
from pairmill.core.ids import canonical_json
from pairmill.pipeline.checkpoint import Attempt, Checkpoints
from pairmill.pipeline.commit import Commit, CommitLog, Counts
from pairmill.pipeline.graph import ALL, Graph, Node
from pairmill.pipeline.images import Images
from pairmill.pipeline.output import Output
from pairmill.pipeline.progress import Progress, Silent
from pairmill.pipeline.shard import Shard
from pairmill.ports.ledger import Standing
from pairmill.ports.queue import Task
from pairmill.telemetry import event
from pairmill.wiring import Ports

StageFunction = Callable[..., Counts]
BACKOFF_SECONDS = 0.5
"""Pause after a first failure; doubled with every further one."""


@dataclass
class Worker:
    """Does tasks of one run, one at a time.

    stages: stage name to function, bound by the names of its parameters. progress: what stages
    call while they work.
    """

    ports: Ports
    graph: Graph
    stages: Mapping[str, StageFunction]
    progress: Progress = field(default_factory=Silent)
    owner: str = field(default_factory=lambda: f"{os.getpid()}-{uuid.uuid4().hex[:8]}")

    def handle(self, task: Task) -> bool:
        """Do one task; False asks the queue for another delivery. StopError goes through."""
        ledger, node = self.ports.ledger, self.graph.node(task.node)
        if CommitLog(self.ports.objects, node.commits).exists(task.shard):
            ledger.claim(task, self.owner)
            ledger.complete(task, self.owner)
            return True
        claim = ledger.claim(task, self.owner)
        if claim.standing is not Standing.GRANTED:
            return claim.standing is not Standing.LEASED
        try:
            self._work(task, node, claim.attempt)
        except Exception as error:
            return self._failed(task, error, claim.attempt)
        except BaseException:
            ledger.release(task, self.owner)
            raise
        ledger.complete(task, self.owner)
        return True

    def _work(self, task: Task, node: Node, attempt: int) -> None:
        started = time.monotonic()
        objects = self.ports.objects
        shard = open_shard(self.ports, self.graph, task)
        out = Output(objects, node.home, node.stage, task.shard)
        checkpoints = Checkpoints(objects, f"{node.home}/unfinished/{task.node}/{task.shard}")
        beat = Heartbeat(self.progress, lambda: self.ports.ledger.renew(task, self.owner))
        attempt_at = Attempt(progress=beat, checkpoints=checkpoints)
        desk = {"shard": shard, "out": out, "progress": beat, "attempt": attempt_at}
        counts = self._bind(node, desk)
        commit = Commit(node=task.node, shard=task.shard, inputs=shard.digest(), counts=counts,
                        files=out.files, facts=out.facts,
                        versions={"pairmill": __version__})  # fmt: skip
        won = CommitLog(objects, node.commits).write(commit)
        checkpoints.clear()
        objects.delete(dead_key(self.graph, task))
        seconds = round(time.monotonic() - started, 3)
        cost = {"seconds": seconds, "attempt": attempt}
        objects.put(cost_key(node, task.shard), canonical_json(cost))
        event("task done", run=task.run, node=task.node, shard=task.shard, won=won, seconds=seconds)

    def _bind(self, node: Node, desk: Mapping[str, object]) -> Counts:
        """Call the stage with what its parameters name: from the desk, else from the ports."""
        function = self.stages[node.stage.name]
        names = inspect.signature(function).parameters
        return function(**{n: desk[n] if n in desk else self._port(n, node) for n in names})

    def _port(self, name: str, node: Node) -> object:
        place = "gallery" if node.of_gallery else "source"
        if name == "source":
            return getattr(self.ports, place)
        if name == "images":
            return Images(self.ports.objects, getattr(self.ports, place))
        return getattr(self.ports, name)

    def _failed(self, task: Task, error: Exception, attempt: int) -> bool:
        """Count the failure; bury the task once its attempts are used up."""
        ledger, last = self.ports.ledger, self.ports.settings.max_attempts
        text = "".join(traceback.format_exception(error))
        if isinstance(error, StopError):
            ledger.release(task, self.owner)
            raise error
        ledger.fail(task, self.owner, text)
        event("task failed", level=logging.WARNING, run=task.run, node=task.node,
              shard=task.shard, attempt=attempt, error=repr(error))  # fmt: skip
        if attempt < last:
            time.sleep(BACKOFF_SECONDS * 2 ** (attempt - 1))
            return False
        letter = {"node": task.node, "shard": task.shard, "attempts": attempt, "error": text}
        self.ports.objects.put(dead_key(self.graph, task), canonical_json(letter))
        return True


@dataclass
class Heartbeat:
    """Progress that also lengthens the lease, so that a slow task is not taken for dead."""

    inner: Progress
    renew: Callable[[], object]

    def advance(self, count: int = 1) -> None:
        """Tell the listener and renew the lease."""
        self.inner.advance(count)
        self.renew()

    def total(self, count: int) -> None:
        """Tell the listener and renew the lease."""
        self.inner.total(count)
        self.renew()


def open_shard(ports: Ports, graph: Graph, task: Task) -> Shard:
    """Return what a task reads: the commits of every node that its node takes."""
    node = graph.node(task.node)
    commits: dict[str, tuple[Commit, ...]] = {}
    for name in node.takes:
        before = graph.node(name)
        log = CommitLog(ports.objects, before.commits)
        if name in node.whole:
            commits[name] = tuple(log.read_all())
        else:
            commits[name] = (log.read(ALL if before.stage.gathers else task.shard),)
    own = frozenset(node.takes) - node.whole
    return Shard(name=task.shard, node=node.name, graph=graph, home=node.home, commits=commits,
                 own=own)  # fmt: skip


def cost_key(node: Node, shard: str) -> str:
    """Return where a task's seconds and attempts lie, apart from its commit."""
    return f"{node.commits.replace('/commits/', '/costs/')}/{shard}.json"


def dead_key(graph: Graph, task: Task) -> str:
    """Return where a task's dead letter lies."""
    return f"runs/{graph.spec.name}/dead/{task.node}/{task.shard}.json"
