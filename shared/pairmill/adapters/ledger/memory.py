"""Keep the ledger of one process in memory. Knows tasks and clocks; knows no stage.

Nothing outlasts the process, and nothing must: commits are the truth.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator

from pairmill.adapters.ledger.entry import Entry
from pairmill.ports.ledger import Claim, Limits, Standing
from pairmill.ports.queue import Task


class MemoryLedger:
    """A ledger for the threads of one process.

    Args:
        limits: attempts, leases and back-off.
        clock: seconds that only grow.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits, self._clock = limits, clock
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._num_changes = self._num_seen = 0
        self._nodes: defaultdict[tuple[str, str], dict[str, Entry]] = defaultdict(dict)
        self._leads: dict[str, tuple[str, float]] = {}

    def open(self, task: Task) -> None:
        """Note that the task is left to do; done or dead ones stay so."""
        with self._lock:
            self._entry(task)

    def claim(self, task: Task, owner: str) -> Claim:
        """Take the task unless it is leased, done or dead; the attempt after the cap is DEAD."""
        with self._lock:
            claim = self._entry(task).claim(owner, self._clock(), self._limits)
            if claim.standing is Standing.DEAD:
                self._change()
            return claim

    def renew(self, task: Task, owner: str) -> bool:
        """Lengthen the lease."""
        with self._lock:
            entry = self._held(task, owner)
            if entry is None or entry.ended:
                return False
            entry.hold(owner, self._clock() + self._limits.lease_seconds)
            return True

    def complete(self, task: Task, owner: str) -> bool:
        """Note that the task's commit exists; saying so again changes nothing."""
        with self._lock:
            entry = self._held(task, owner)
            if entry is None:
                return False
            entry.ended = Standing.DONE
            self._change()
            return True

    def release(self, task: Task, owner: str) -> bool:
        """Give the task back uncounted, as a draining worker does."""
        with self._lock:
            entry = self._held(task, owner)
            if entry is None or entry.ended:
                return False
            entry.release()
            self._change()
            return True

    def fail(self, task: Task, owner: str, error: str) -> bool:
        """Give the task back; its attempt counts and the error is kept."""
        with self._lock:
            entry = self._held(task, owner)
            if entry is None or entry.ended:
                return False
            entry.fail(error, self._clock(), self._limits.backoff_seconds)
            self._change()
            return True

    def open_tasks(self, run: str, node: str) -> list[Task]:
        """Return what is pending or leased, sorted by shard."""
        with self._lock:
            return [Task(run=run, node=node, shard=s) for s, _ in self._open(run, node)]

    def dead_tasks(self, run: str, node: str) -> dict[str, str]:
        """Return shard to last error for tasks that used up their attempts."""
        with self._lock:
            found = sorted(self._nodes.get((run, node), {}).items())
            return {s: entry.error for s, entry in found if entry.ended is Standing.DEAD}

    def due(self, run: str, node: str, limit: int, again_seconds: float) -> list[Task]:
        """Return tasks that ought to be rung for, until `limit` are, and note them as rung."""
        with self._lock:
            now = self._clock()
            tasks = list(self._open(run, node))
            room = limit - sum(entry.is_rung(now, again_seconds) for _, entry in tasks)
            found = [e for e in tasks if e[1].is_due(now, again_seconds)][: max(room, 0)]
            for _, entry in found:
                entry.rung = now
            return [Task(run=run, node=node, shard=shard) for shard, _ in found]

    def rung(self, run: str, node: str) -> int:
        """Return how many open tasks were rung for and not claimed since."""
        with self._lock:
            return sum(entry.rung is not None for _, entry in self._open(run, node))

    def held(self, run: str, node: str) -> int:
        """Return how many tasks are under way: somebody's lease holds."""
        with self._lock:
            now = self._clock()
            return sum(entry.is_held(now) for _, entry in self._open(run, node))

    def backlog(self, stage: str) -> int:
        """Return how many tasks of a stage are open, over all runs."""
        with self._lock:
            nodes = [key for key in self._nodes if key[1].partition("@")[0] == stage]
            return sum(1 for key in nodes for _ in self._open(*key))

    def forget(self, run: str) -> None:
        """Drop all that is known of a run; its tasks may be opened anew."""
        with self._lock:
            for key in [key for key in self._nodes if key[0] == run]:
                del self._nodes[key]

    def holders(self) -> frozenset[str]:
        """Return the names of the workers that hold a lease now."""
        with self._lock:
            now = self._clock()
            entries = [entry for node in self._nodes.values() for entry in node.values()]
            return frozenset(e.owner.partition("/")[0] for e in entries if e.is_held(now))

    def lead(self, name: str, owner: str, seconds: float) -> bool:
        """Take or keep the lease of that name; False while another owner holds it."""
        with self._lock:
            now = self._clock()
            holder, until = self._leads.get(name, (owner, now))
            if holder != owner and now < until:
                return False
            self._leads[name] = (owner, now + seconds)
            return True

    def resign(self, name: str, owner: str) -> None:
        """Give the lease of that name back, if `owner` holds it."""
        with self._lock:
            if self._leads.get(name, ("", 0.0))[0] == owner:
                del self._leads[name]

    def wait(self, seconds: float) -> None:
        """Return once any task changed since the last wait, or after `seconds`."""
        with self._changed:
            seen = self._num_seen
            self._changed.wait_for(lambda: self._num_changes != seen, seconds)
            self._num_seen = self._num_changes

    def _change(self) -> None:
        self._num_changes += 1
        self._changed.notify_all()

    def _open(self, run: str, node: str) -> Iterator[tuple[str, Entry]]:
        found = sorted(self._nodes.get((run, node), {}).items())
        return ((shard, entry) for shard, entry in found if not entry.ended)

    def _entry(self, task: Task) -> Entry:
        """Return the task's entry; one that was not there is opened."""
        node = self._nodes[task.run, task.node]
        if task.shard not in node:
            node[task.shard] = Entry()
            self._change()
        return node[task.shard]

    def _held(self, task: Task, owner: str) -> Entry | None:
        """Return the entry if `owner` holds it, or ended it, else None."""
        entry = self._nodes.get((task.run, task.node), {}).get(task.shard)
        return entry if entry and owner and entry.owner == owner else None
