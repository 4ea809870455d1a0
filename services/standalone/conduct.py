"""Conduct a run in one process: node after node through queue, ledger and worker.

Knows the graph and the barriers; knows no screen. Jobs run as programs of their own.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from pairmill.core.errors import ConfigError, StopError
from pairmill.door import job_of
from pairmill.pipeline.barrier import Work, all_failed, dead_shards, work_of
from pairmill.pipeline.commit import CommitLog
from pairmill.pipeline.graph import Graph, Node, progress_key
from pairmill.pipeline.progress import Progress, Silent, read_mark
from pairmill.ports.jobs import JobState
from pairmill.ports.queue import Task
from pairmill.wiring import Ports
from pairmill.worker import Worker
from services.standalone.stages import STAGES

POLL_SECONDS = 0.2


class Listener(Protocol):
    """Who watches a run, such as a screen with bars."""

    def opened(self, node: Node, work: Work) -> Progress:
        """A node begins; what is returned hears of records as they are done."""
        ...

    def committed(self, node: Node, num_records: int) -> None:
        """A task of the node is committed, or was before, with so many records."""
        ...

    def closed(self, node: Node, num_dead: int) -> None:
        """The node is finished; `num_dead` of its tasks lie among the dead letters."""
        ...


class Unwatched:
    """A listener that shows nothing."""

    def opened(self, node: Node, work: Work) -> Progress:
        """Ignore it."""
        return Silent()

    def committed(self, node: Node, num_records: int) -> None:
        """Ignore it."""

    def closed(self, node: Node, num_dead: int) -> None:
        """Ignore it."""


@dataclass
class Conductor:
    """Runs every node of one graph in order, each after all that it takes."""

    ports: Ports
    graph: Graph
    listener: Listener = field(default_factory=Unwatched)

    def run(self, until: str = "") -> None:
        """Do what is left of the run, up to and with the stage `until` if it is named.

        Raises StopError where going on would be of no use, and ConfigError for a stage that the run
        does not have.
        """
        names = [node.name for node in self.graph.nodes]
        if until and until not in names:
            raise ConfigError(f"until: got {until}, which this run's configuration leaves out; "
                              f"wanted one of {', '.join(names)}")  # fmt: skip
        for node in self.graph.nodes:
            self._run_node(node)
            if node.name == until:
                return

    def _run_node(self, node: Node) -> None:
        objects = self.ports.objects
        work = work_of(objects, self.graph, node)
        progress = self.listener.opened(node, work)
        log = CommitLog(objects, node.commits)
        done = set(log.shards())
        for shard in sorted(done):
            self.listener.committed(node, log.read(shard).counts.inputs)
        left = [task for task in work.tasks if task.shard not in done]
        if node.stage.job and left:
            self._run_job(node, progress)
        elif left:
            self._run_tasks(node, left, progress)
        dead = dead_shards(objects, self.graph, node)
        if len(dead) == len(work.tasks):
            raise StopError(all_failed(self.graph, node, len(dead)))
        self.listener.closed(node, len(dead))

    def _run_tasks(self, node: Node, tasks: list[Task], progress: Progress) -> None:
        ports, log = self.ports, CommitLog(self.ports.objects, node.commits)
        worker = Worker(ports, self.graph, STAGES, progress)
        for task in tasks:
            ports.ledger.open(task)
            ports.queue.publish(task)
        pause = ports.settings.backoff_seconds
        ports.queue.drain(node.name, _told(worker.handle, log, self.listener, node, pause))

    def _run_job(self, node: Node, progress: Progress) -> None:
        """Launch the node's program and pass on its progress until it ends."""
        run, root = self.graph.spec.name, self.ports.settings.root
        spec, key = job_of(self.graph.spec, node, root), progress_key(run, node.name)
        self.ports.objects.delete(key)
        self.ports.jobs.launch(spec)
        seen = 0
        try:
            while self.ports.jobs.status(spec.name).state is JobState.RUNNING:
                seen = _pass_on(self.ports, key, seen, progress)
                time.sleep(POLL_SECONDS)
        except BaseException:
            self.ports.jobs.cancel(spec.name)
            raise
        status = self.ports.jobs.status(spec.name)
        log = CommitLog(self.ports.objects, node.commits)
        if not log.shards():
            raise StopError(f"{node.stage.name} did not end well:\n{status.log_tail}")
        for commit in log.read_all():
            self.listener.committed(node, commit.counts.inputs)


def _pass_on(ports: Ports, key: str, seen: int, progress: Progress) -> int:
    mark = read_mark(ports.objects, key)
    if mark is None:
        return seen
    progress.total(mark.total)
    progress.advance(mark.done - seen)
    return mark.done


def _told(
    handle: Callable[[Task], bool], log: CommitLog, listener: Listener, node: Node, pause: float
) -> Callable[[Task], bool]:
    """Wrap a handler so that the listener hears of every commit."""

    def handler(task: Task) -> bool:
        settled = handle(task)
        if not settled:
            time.sleep(pause)
        elif log.exists(task.shard):
            listener.committed(node, log.read(task.shard).counts.inputs)
        return settled

    return handler
