"""Launch the jobs of one run, count those that fail, and bury what fails too often.

Knows the jobs port and the ledger; knows no platform. A job claims its task under its own name, so
that whoever leads can tell what became of it.
"""

from pairmill.door import job_of
from pairmill.pipeline.commit import CommitLog
from pairmill.pipeline.graph import Graph
from pairmill.pipeline.letters import bury
from pairmill.ports.jobs import JobSpec, JobState, JobStatus
from pairmill.ports.ledger import Standing
from pairmill.ports.queue import Task
from pairmill.telemetry import event
from pairmill.wiring import Ports


class Launching:
    """The jobs of one run, one a node."""

    def __init__(self, ports: Ports, graph: Graph) -> None:
        self._ports, self._graph = ports, graph

    def advance(self, task: Task) -> None:
        """Launch the task's job unless it runs; count its failure if it ended without a commit."""
        spec = job_of(self._graph.spec, self._graph.node(task.node))
        self._ports.ledger.open(task)
        status = self._status(spec)
        if status is None:
            self._ports.ledger.release(task, spec.name)
            self._launch(spec)
        elif status.state is not JobState.RUNNING:
            self._ended(task, spec, status)

    def cancel(self) -> None:
        """End every job of the run that still runs."""
        for node in self._graph.nodes:
            spec = job_of(self._graph.spec, node)
            if node.stage.job and self._status(spec) is not None:
                self._ports.jobs.cancel(spec.name)

    def _ended(self, task: Task, spec: JobSpec, status: JobStatus) -> None:
        if CommitLog(self._ports.objects, self._graph.node(task.node).commits).exists(task.shard):
            return  # it committed after the survey looked
        event("job failed", run=task.run, node=task.node, job=spec.name, log=status.log_tail[-500:])
        if self._count(task, spec, status.log_tail):
            self._launch(spec)

    def _count(self, task: Task, spec: JobSpec, log_tail: str) -> bool:
        """Count a failed attempt, also of a job that died before it could claim; False once the
        task is dead."""
        ledger = self._ports.ledger
        if ledger.fail(task, spec.name, log_tail):
            return True
        claim = ledger.claim(task, spec.name)
        if claim.standing is Standing.DEAD:
            bury(self._ports.objects, task, self._ports.settings.max_attempts, log_tail)
            return False
        ledger.fail(task, spec.name, log_tail)
        return True

    def _launch(self, spec: JobSpec) -> None:
        event("job launched", job=spec.name, module=spec.module)
        self._ports.jobs.launch(spec)

    def _status(self, spec: JobSpec) -> JobStatus | None:
        try:
            return self._ports.jobs.status(spec.name)
        except KeyError:
            return None
