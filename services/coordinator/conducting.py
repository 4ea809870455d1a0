"""Conduct one run: open what its commits allow, ring for it, launch its jobs, and end it.

Knows the survey, the ledger and the queue; knows no stage's code. Every step may be done twice, or
by two coordinators at once: the ledger and the commits decide.
"""

import time
from contextlib import suppress

from pairmill.pipeline.barrier import all_failed
from pairmill.pipeline.graph import Graph, progress_key
from pairmill.pipeline.progress import read_mark
from pairmill.pipeline.publish import publish
from pairmill.pipeline.report import write_report
from pairmill.pipeline.standing import (
    NodeProgress,
    RunProgress,
    end_run,
    ended,
    save_progress,
)
from pairmill.pipeline.survey import Survey, View
from pairmill.ports.queue import Task
from pairmill.telemetry import event
from pairmill.wiring import Ports
from services.coordinator.figures import DEAD_TASKS, OLDEST_SECONDS, RUNG
from services.coordinator.launching import Launching


class Conducting:
    """One active run."""

    def __init__(self, ports: Ports, graph: Graph) -> None:
        self._ports, self._graph, self._run = ports, graph, graph.spec.name
        self._survey = Survey(ports.objects, graph)
        self._jobs = Launching(ports, graph)
        self._since: dict[str, float] = {}
        self._told = b""

    def step(self) -> None:
        """Look, and do what can be done now."""
        views = self._survey.look()
        failed = next((view for view in views if view.failed), None)
        for view in views:
            if view.left and failed is None:
                self._advance(view)
        self._tell(views, "active")
        if failed:
            self._end("stopped", all_failed(self._graph, failed.node, len(failed.dead)))
        elif all(view.finished for view in views):
            self._finish()

    def close(self) -> None:
        """The run ended: let go of its tasks and jobs, and leave its last progress."""
        self._ports.ledger.forget(self._run)
        self._jobs.cancel()
        end = ended(self._ports.objects, self._run)
        self._tell(self._survey.look(), end.state if end else "active")
        for view in self._survey.views.values():
            for gauge in (DEAD_TASKS, OLDEST_SECONDS):
                with suppress(KeyError):
                    gauge.remove(self._run, view.node.name)

    def _advance(self, view: View) -> None:
        self._since.setdefault(view.node.name, time.monotonic())
        if view.node.stage.job:
            self._jobs.advance(view.left[0])
        else:
            self._ring(view)

    def _ring(self, view: View) -> None:
        """Tell the ledger what is left, and send for what nobody does."""
        ledger, settings, node = self._ports.ledger, self._ports.settings, view.node.name
        known = {task.shard for task in ledger.open_tasks(self._run, node)}
        for task in view.left:
            if task.shard not in known:
                ledger.open(task)
        for shard in known & view.commits.keys():
            self._settle(Task(run=self._run, node=node, shard=shard))
        limit, again = settings.num_rung, settings.ring_again_seconds
        for task in ledger.due(self._run, node, limit, again):
            self._ports.queue.publish(task)
            RUNG.labels(task.stage).inc()

    def _settle(self, task: Task) -> None:
        """A task whose worker was killed between its commit and its word: close it."""
        owner = "coordinator"
        self._ports.ledger.claim(task, owner)
        self._ports.ledger.complete(task, owner)

    def _finish(self) -> None:
        objects = self._ports.objects
        report = write_report(objects, self._graph)
        if self._survey.views["train"].commits:
            publish(objects, self._graph)
        why = report.get("training", {}).get("why", "")
        self._end("finished", str(why))

    def _end(self, state: str, why: str) -> None:
        assert state in ("finished", "stopped")
        event("run ended", run=self._run, state=state, why=why)
        self._ports.ledger.forget(self._run)
        end_run(self._ports.objects, self._run, state, why)  # type: ignore[arg-type]

    def _tell(self, views: list[View], state: str) -> None:
        """Write the progress where it changed."""
        nodes = tuple(self._progress_of(view) for view in views)
        progress = RunProgress(run=self._run, state=state, nodes=nodes)  # type: ignore[arg-type]
        if progress.to_json() != self._told:
            save_progress(self._ports.objects, progress)
            self._told = progress.to_json()

    def _progress_of(self, view: View) -> NodeProgress:
        name = view.node.name
        seconds = round(time.monotonic() - self._since[name]) if name in self._since else 0
        DEAD_TASKS.labels(self._run, name).set(len(view.dead))
        OLDEST_SECONDS.labels(self._run, name).set(seconds if view.left else 0)
        records, total = view.num_records, view.work.num_records
        mark = None
        if view.node.stage.job and view.left:
            mark = read_mark(self._ports.objects, progress_key(self._run, name))
        if mark:
            records, total = mark.done, mark.total
        held = self._ports.ledger.held(self._run, name) if view.left else 0
        return NodeProgress(
            node=name, unit=view.node.stage.unit, tasks=len(view.work.tasks),
            done=len(view.commits), open=len(view.left), running=held,
            failed=len(view.dead), records=records, total=total, seconds=float(seconds),
        )  # fmt: skip
