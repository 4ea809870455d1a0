"""Look at a run again and again while others work on it: what is there, what is left of each node.

Knows the graph and commits; knows no queue and no ledger. A commit never changes, so each is read
once; a finished node is not looked at again.
"""

from dataclasses import dataclass, field

from pairmill.pipeline.barrier import Work, dead_shards, given_work, source_work
from pairmill.pipeline.commit import Commit, CommitLog
from pairmill.pipeline.graph import Graph, Node
from pairmill.ports.objects import ObjectStore
from pairmill.ports.queue import Task


@dataclass
class View:
    """One node. work: its tasks as far as its inputs tell. whole: whether those are all."""

    node: Node
    work: Work = field(default_factory=lambda: Work(tasks=(), num_records=0))
    whole: bool = False
    commits: dict[str, Commit] = field(default_factory=dict)
    dead: set[str] = field(default_factory=set)

    @property
    def left(self) -> list[Task]:
        """Tasks that are neither committed nor dead."""
        return [t for t in self.work.tasks if t.shard not in self.commits.keys() | self.dead]

    @property
    def finished(self) -> bool:
        """Whether commits and dead letters cover all there will ever be."""
        return self.whole and not self.left

    @property
    def failed(self) -> bool:
        """Whether it is finished and nothing of it was committed."""
        return self.finished and len(self.dead) == len(self.work.tasks)

    @property
    def num_records(self) -> int:
        """Records that its commits took, in the stage's unit."""
        return sum(commit.counts.inputs for commit in self.commits.values())


class Survey:
    """The views of one run's nodes, in the order of its graph."""

    def __init__(self, objects: ObjectStore, graph: Graph) -> None:
        self._objects, self._graph = objects, graph
        self.views = {node.name: View(node) for node in graph.nodes}

    def look(self) -> list[View]:
        """Return every node as it stands now."""
        for view in self.views.values():
            if not view.finished:
                self._look_at(view)
        return list(self.views.values())

    def _look_at(self, view: View) -> None:
        if not self._find_work(view):
            return
        log = CommitLog(self._objects, view.node.commits)
        wanted = {task.shard for task in view.work.tasks}
        for shard in set(log.shards()) & wanted - view.commits.keys():
            view.commits[shard] = log.read(shard)
        dead = dead_shards(self._objects, self._graph, view.node)
        view.dead = dead & wanted - view.commits.keys()

    def _find_work(self, view: View) -> bool:
        """Set the tasks that the node's inputs give so far; False while it must wait."""
        node = view.node
        if not node.takes:
            if not view.whole:
                view.work, view.whole = source_work(self._objects, self._graph, node), True
            return True
        before = [self.views[name] for name in node.takes]
        if not all(v.finished for v in before if node.stage.gathers or v.node.name in node.whole):
            return False
        first = before[0]
        if not view.whole:
            view.work = given_work(self._graph, node, first.commits.values())
            view.whole = all(v.finished for v in before)
        return bool(view.work.tasks) or view.whole
