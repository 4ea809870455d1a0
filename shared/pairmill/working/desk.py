"""What a stage is handed for one task: the shard it reads, and what its parameters name.

Knows the ports and the graph; knows no stage's code and no ledger.
"""

import inspect
from collections.abc import Callable, Mapping

from pairmill.pipeline.commit import Commit, CommitLog, Counts
from pairmill.pipeline.graph import ALL, Graph, Node
from pairmill.pipeline.images import Images
from pairmill.pipeline.shard import Shard
from pairmill.ports.queue import Task
from pairmill.wiring import Ports

StageFunction = Callable[..., Counts]
Stages = Mapping[str, StageFunction]
"""Stage name to function, bound by the names of its parameters."""


def open_shard(ports: Ports, graph: Graph, task: Task) -> Shard:
    """Return what a task reads: the commits of every node that its node takes."""
    node = graph.node(task.node)
    commits: dict[str, tuple[Commit, ...]] = {}
    for name in node.takes:
        before = graph.node(name)
        log = CommitLog(ports.objects, before.commits)
        if name in node.whole:
            commits[name] = tuple(log.read_all())
        else:
            commits[name] = (log.read(ALL if before.stage.gathers else task.shard),)
    own = frozenset(node.takes) - node.whole
    return Shard(name=task.shard, node=node.name, graph=graph, home=node.home, commits=commits,
                 own=own)  # fmt: skip


def call_stage(
    function: StageFunction, node: Node, ports: Ports, desk: dict[str, object]
) -> Counts:
    """Call a stage with what its parameters name: from the desk, else from the ports."""
    names = inspect.signature(function).parameters
    return function(**{n: desk[n] if n in desk else _port(ports, n, node) for n in names})


def needs(stages: Stages, port: str) -> bool:
    """Say whether any of the stages is handed that port."""
    return any(port in inspect.signature(function).parameters for function in stages.values())


def _port(ports: Ports, name: str, node: Node) -> object:
    place = "gallery" if node.of_gallery else "source"
    if name == "source":
        return getattr(ports, place)
    if name == "images":
        return Images(ports.objects, getattr(ports, place))
    return getattr(ports, name)
