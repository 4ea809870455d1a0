"""Let a run adopt what an earlier run of the same ablation did alike. Knows commits and keys; knows
no stage and no figure.

A commit names its files, so that a copy of it is enough: the adopter reads the files where they
lie, among those of the run that made them.
"""

from collections import defaultdict

from pairmill.pipeline.barrier import dead_shards, work_of
from pairmill.pipeline.commit import CommitLog
from pairmill.pipeline.deciding import key_of
from pairmill.pipeline.graph import Graph, Node
from pairmill.ports.objects import ObjectStore


class Donors:
    """The finished nodes of runs, by all that decides their bytes."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects
        self._by_key: defaultdict[str, list[Graph]] = defaultdict(list)

    def offer(self, graph: Graph, node: Node) -> None:
        """Remember that the run has finished the node, unless some of its tasks failed."""
        if node.stage.home == "run" and not dead_shards(self._objects, graph, node):
            self._by_key[key_of(graph, node)].append(graph)

    def lend(self, graph: Graph, node: Node) -> str:
        """Copy the commits of a run that did the same work into `graph`'s; return that run's name,
        or an empty string where there is none.

        What the node takes must be finished. Beside the configuration the inputs must be the same,
        commit for commit.
        """
        if node.stage.home != "run" or self._has_all(graph, node):
            return ""
        for donor in self._by_key.get(key_of(graph, node), ()):
            if donor.spec.name != graph.spec.name and self._same_inputs(donor, graph, node):
                self._copy(donor.node(node.name), graph, node)
                return donor.spec.name
        return ""

    def _has_all(self, graph: Graph, node: Node) -> bool:
        tasks = {task.shard for task in work_of(self._objects, graph, node).tasks}
        return tasks.issubset(CommitLog(self._objects, node.commits).shards())

    def _copy(self, given: Node, graph: Graph, node: Node) -> None:
        """Copy the commits of the node's tasks; those that it has already stay."""
        objects = self._objects
        theirs, ours = CommitLog(objects, given.commits), CommitLog(objects, node.commits)
        for task in work_of(objects, graph, node).tasks:
            objects.create(ours.key(task.shard), objects.get(theirs.key(task.shard)))

    def _same_inputs(self, one: Graph, other: Graph, node: Node) -> bool:
        return all(
            self._digests(one.node(name)) == self._digests(other.node(name)) for name in node.takes
        )

    def _digests(self, node: Node) -> dict[str, str]:
        log = CommitLog(self._objects, node.commits)
        return {commit.shard: commit.digest for commit in log.read_all()}


def adopted(objects: ObjectStore, graph: Graph) -> dict[str, str]:
    """Return the nodes of a run that were adopted, each with the run that did the work."""
    found: dict[str, str] = {}
    for node in graph.nodes:
        log = CommitLog(objects, node.commits)
        for shard in log.shards()[:1] if node.stage.home == "run" else []:
            for file in log.read(shard).files:
                if not file.key.startswith(f"runs/{graph.spec.name}/"):
                    found[node.name] = file.key.split("/")[1]
    return found
