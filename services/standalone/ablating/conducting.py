"""Conduct one run of an ablation in this process, adopting what other runs did alike.

Knows the graph and the donors; knows no switch and no figure.
"""

from dataclasses import dataclass

from pairmill.pipeline.commit import CommitLog
from pairmill.pipeline.graph import ALL, Node
from pairmill.pipeline.progress import Progress
from pairmill.ports.queue import Task
from services.standalone.ablating.sharing import Donors
from services.standalone.conduct import Conductor

LEFT_OUT = "index"
"""Nobody searches the runs of an ablation; `pairmill run` with a run's configuration adds it."""


@dataclass(kw_only=True)
class SharingConductor(Conductor):
    """A conductor whose runs share work, and that trains and evaluates in this process: starting
    a program for each would cost as much as many of these trainings."""

    donors: Donors

    def run(self, until: str = "") -> None:
        """Do what is left of the run up to and with the stage `until`, if it is named."""
        for node in self.graph.nodes:
            if node.stage.name == LEFT_OUT:
                continue
            self.donors.lend(self.graph, node)
            self._run_node(node)
            self.donors.offer(self.graph, node)
            if node.name == until:
                return

    def _run_job(self, node: Node, progress: Progress) -> None:
        """Do a job's one task as any other; a training in several processes stays a program."""
        if node.stage.name == "train" and self.graph.spec.config.training.processes > 1:
            super()._run_job(node, progress)
            return
        done = set(CommitLog(self.ports.objects, node.commits).shards())
        tasks = [Task(run=self.graph.spec.name, node=node.name, shard=ALL)]
        self._run_tasks(node, [task for task in tasks if task.shard not in done], progress)
