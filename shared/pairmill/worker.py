"""Do a task by the commit rule: claim it, run its stage, commit, complete; retry or bury failures.

Knows the ports and the rule; the stages are handed in, so it knows none of them.
"""

import logging
import os
import threading
import time
import traceback
import uuid
from dataclasses import dataclass, field

from pairmill import __version__
from pairmill.core.errors import RetryError, StopError
from pairmill.core.ids import canonical_json
from pairmill.pipeline.checkpoint import Attempt, Checkpoints
from pairmill.pipeline.commit import Commit, CommitLog, Counts
from pairmill.pipeline.graph import Graph, Node, cost_key
from pairmill.pipeline.letters import bury, letter_key
from pairmill.pipeline.output import Output
from pairmill.pipeline.progress import Progress, Silent
from pairmill.pipeline.standing import ended
from pairmill.ports.ledger import Standing
from pairmill.ports.queue import Task
from pairmill.telemetry import event
from pairmill.wiring import Ports
from pairmill.working.desk import Stages, call_stage, open_shard
from pairmill.working.lease import Lease, LeaseLostError


@dataclass
class Worker:
    """Does tasks of one run, one at a time.

    progress: what stages call while they work. stop: once set, the task under way is given back.
    patient: a fault that passes (a store that is away) is waited out, and costs no attempt.
    """

    ports: Ports
    graph: Graph
    stages: Stages
    progress: Progress = field(default_factory=Silent)
    owner: str = field(default_factory=lambda: f"{os.getpid()}/{uuid.uuid4().hex[:8]}")
    stop: threading.Event = field(default_factory=threading.Event)
    patient: bool = False

    def handle(self, task: Task) -> bool:
        """Do one task; False asks for another delivery, later. StopError and Drained go through.

        A task under way elsewhere is nobody else's business: that gives False too.
        """
        ledger, node = self.ports.ledger, self.graph.node(task.node)
        if CommitLog(self.ports.objects, node.commits).exists(task.shard):
            ledger.claim(task, self.owner)
            ledger.complete(task, self.owner)
            return True
        claim = ledger.claim(task, self.owner)
        if claim.standing is Standing.DEAD:
            return self._bury(task)
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
        started, objects = time.monotonic(), self.ports.objects
        shard = open_shard(self.ports, self.graph, task)
        out = Output(objects, node.home, node.stage, task.shard)
        checkpoints = Checkpoints(objects, f"{node.home}/unfinished/{task.node}/{task.shard}")
        seconds = self.ports.settings.lease_seconds
        with Lease(self.progress, lambda: self._keep(task), seconds, self.stop) as lease:
            attempt_at = Attempt(progress=lease, checkpoints=checkpoints)
            desk = {"shard": shard, "out": out, "progress": lease, "attempt": attempt_at}
            counts = call_stage(self.stages[node.stage.name], node, self.ports, desk)
        won = self._commit(task, node, out, counts, shard.digest())
        checkpoints.clear()
        objects.delete(letter_key(task))
        seconds = round(time.monotonic() - started, 3)
        cost = {"seconds": seconds, "attempt": attempt}
        objects.put(cost_key(node, task.shard), canonical_json(cost))
        event("task done", run=task.run, node=task.node, stage=task.stage, shard=task.shard,
              won=won, records=counts.inputs, seconds=seconds)  # fmt: skip

    def _commit(self, task: Task, node: Node, out: Output, counts: Counts, inputs: str) -> bool:
        commit = Commit(node=task.node, shard=task.shard, inputs=inputs, counts=counts,
                        files=out.files, facts=out.facts,
                        versions={"pairmill": __version__})  # fmt: skip
        return CommitLog(self.ports.objects, node.commits).write(commit)

    def _keep(self, task: Task) -> bool:
        """Renew the claim; a ledger that was emptied meanwhile is told of it anew."""
        if self.ports.ledger.renew(task, self.owner):
            return True
        if ended(self.ports.objects, task.run) is not None:
            return False
        return self.ports.ledger.claim(task, self.owner).standing is Standing.GRANTED

    def _failed(self, task: Task, error: Exception, attempt: int) -> bool:
        """Count the failure; bury the task once its attempts are used up."""
        ledger = self.ports.ledger
        if isinstance(error, StopError):
            ledger.release(task, self.owner)
            raise error
        event("task failed", level=logging.WARNING, run=task.run, node=task.node, stage=task.stage,
              shard=task.shard, attempt=attempt, error=repr(error))  # fmt: skip
        if isinstance(error, LeaseLostError) or (self.patient and isinstance(error, RetryError)):
            ledger.release(task, self.owner)
            return False
        text = "".join(traceback.format_exception(error))
        ledger.fail(task, self.owner, text)
        if attempt < self.ports.settings.max_attempts:
            return False
        bury(self.ports.objects, task, attempt, text)
        return True

    def _bury(self, task: Task) -> bool:
        """Write the dead letter of a task that killed every worker that had it."""
        if not self.ports.objects.exists(letter_key(task)):
            dead = self.ports.ledger.dead_tasks(task.run, task.node)
            attempts = self.ports.settings.max_attempts
            bury(self.ports.objects, task, attempts, dead.get(task.shard, "unknown"))
        return True
