"""Which tasks a node has, and whether all that it waits for is there. Counts commits only.

Knows the graph and commits; knows no queue and no ledger.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from pairmill.core.records import Entry
from pairmill.core.tables import from_parquet
from pairmill.pipeline.commit import Commit, CommitLog
from pairmill.pipeline.graph import ALL, Graph, Node
from pairmill.pipeline.letters import buried
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
        return source_work(objects, graph, node)
    before = graph.node(node.takes[0])
    return given_work(graph, node, CommitLog(objects, before.commits).read_all())


def source_work(objects: ObjectStore, graph: Graph, node: Node) -> Work:
    """Return the tasks of a node that reads the source: one a shard of the listing."""
    entries = from_parquet(Entry, objects.get(f"{node.home}/{MANIFEST}"))
    shards = sorted({entry.shard for entry in entries})
    return _work(graph, node, shards, sum(entry.unit == "image" for entry in entries))


def given_work(graph: Graph, node: Node, commits: Iterable[Commit]) -> Work:
    """Return the tasks that commits of the node's first input give; the one of a node that
    gathers, whatever they give."""
    found = list(commits)
    if node.stage.gathers:
        return _work(graph, node, [ALL], 0)
    gives = {file.shard for commit in found for file in commit.files if not _apart(file.data_set)}
    counted = graph.node(node.takes[0]).stage.unit == node.stage.unit
    return _work(graph, node, sorted(gives), sum(c.counts.outputs for c in found) * counted)


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
    return {task.shard for task in buried(objects, graph.spec.name, node.name)}


def all_failed(graph: Graph, node: Node, num_dead: int) -> str:
    """Return what to say of a node of which nothing was committed."""
    where = f"runs/{graph.spec.name}/dead/{node.name}/"
    return f"{node.name}: all {num_dead} tasks failed; read {where} for the reasons, then try again"


def _work(graph: Graph, node: Node, shards: list[str], num_records: int) -> Work:
    tasks = tuple(Task(run=graph.spec.name, node=node.name, shard=shard) for shard in shards)
    return Work(tasks=tasks, num_records=num_records)


def _apart(data_set: str) -> bool:
    return data_set.startswith("rejects/")
