"""Which tasks a node has, and whether all that it waits for is there. Counts commits only.

Knows the graph and commits; knows no queue and no ledger.
"""

from dataclasses import dataclass

from pairmill.core.records import Entry
from pairmill.core.tables import from_parquet
from pairmill.pipeline.commit import CommitLog
from pairmill.pipeline.graph import ALL, Graph, Node
from pairmill.ports.objects import ObjectStore
from pairmill.ports.queue import Task

MANIFEST = "manifest.parquet"


@dataclass(frozen=True, kw_only=True)
class Work:
    """The tasks of one node, and how many records they take in the stage's unit (0: unknown)."""

    tasks: tuple[Task, ...]
    num_records: int


def work_of(objects: ObjectStore, graph: Graph, node: Node) -> Work:
    """Return a node's tasks; the nodes that it takes must be finished."""
    if not node.takes:
        entries = from_parquet(Entry, objects.get(f"{node.home}/{MANIFEST}"))
        shards = sorted({entry.shard for entry in entries})
        return _work(graph, node, shards, sum(entry.unit == "image" for entry in entries))
    if node.stage.gathers:
        return _work(graph, node, [ALL], 0)
    before = graph.node(node.takes[0])
    commits = list(CommitLog(objects, before.commits).read_all())
    gives = {file.shard for commit in commits for file in commit.files if not _apart(file.data_set)}
    return _work(graph, node, sorted(gives), sum(commit.counts.outputs for commit in commits))


def finished_nodes(objects: ObjectStore, graph: Graph) -> set[str]:
    """Return the nodes whose tasks are all covered by commits and dead letters, in a finished
    line from the source."""
    found: set[str] = set()
    for node in graph.nodes:
        if found.issuperset(node.takes):
            done = set(CommitLog(objects, node.commits).shards())
            done |= dead_shards(objects, graph, node)
            if all(task.shard in done for task in work_of(objects, graph, node).tasks):
                found.add(node.name)
    return found


def dead_shards(objects: ObjectStore, graph: Graph, node: Node) -> set[str]:
    """Return the shards of a node that lie among the dead letters."""
    prefix = f"runs/{graph.spec.name}/dead/{node.name}/"
    return {key[len(prefix) : -5] for key in objects.list(prefix)}


def _work(graph: Graph, node: Node, shards: list[str], num_records: int) -> Work:
    tasks = tuple(Task(run=graph.spec.name, node=node.name, shard=shard) for shard in shards)
    return Work(tasks=tasks, num_records=num_records)


def _apart(data_set: str) -> bool:
    return data_set.startswith("rejects/")
