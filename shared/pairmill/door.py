"""The door of a service: do what is left of its stages in one run, as a program of its own.

Knows the worker and the wiring; the stages are handed in, so it knows none of them.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from pairmill.config import Settings
from pairmill.core.errors import StopError
from pairmill.pipeline.barrier import finished_nodes, work_of
from pairmill.pipeline.graph import Graph, Node
from pairmill.pipeline.progress import ObjectProgress
from pairmill.pipeline.runs import load_run
from pairmill.ports.jobs import JobSpec
from pairmill.telemetry import log_to_stderr
from pairmill.wiring import Ports
from pairmill.worker import StageFunction, Worker

STOPPED = 3
"""Exit status for a StopError: trying again cannot help, its text is the last line printed."""


def open_door(service: str, stages: Mapping[str, StageFunction]) -> int:
    """Do the tasks left of a service's nodes; return the exit status.

    Command line: ROOT RUN [NODE]: an output folder, a run in it, and one node of the service
    instead of all that are ready.
    """
    parser = argparse.ArgumentParser(prog=f"python -m services.{service}", description=__doc__)
    parser.add_argument("root", type=Path, help="output folder of `pairmill run`")
    parser.add_argument("run", help="name of a run in it")
    parser.add_argument("node", nargs="?", help=f"one of: {', '.join(stages)}, or one @gallery")
    given = parser.parse_args()
    log_to_stderr()
    try:
        spec, places = load_run(Ports.folder(given.root), given.run)
        ports = Ports(Settings(), given.root, spec.config, places)
        graph = Graph(spec)
        nodes = [graph.node(given.node)] if given.node else list(graph.nodes)
        for node in nodes:
            if node.stage.name in stages:
                _do(Worker(ports, graph, stages), node)
    except (StopError, KeyError) as error:
        print(error.args[0] if error.args else error, file=sys.stderr)
        return STOPPED
    return 0


def _do(worker: Worker, node: Node) -> None:
    objects, graph = worker.ports.objects, worker.graph
    if not finished_nodes(objects, graph).issuperset(node.takes):
        raise StopError(f"{node.name}: {', '.join(node.takes)} must be finished first")
    worker.progress = ObjectProgress(objects, progress_key(graph, node))
    for task in work_of(objects, graph, node).tasks:
        while not worker.handle(task):
            pass


def progress_key(graph: Graph, node: Node) -> str:
    """Return where a job leaves its progress."""
    return f"runs/{graph.spec.name}/progress/{node.name}.json"


def job_of(graph: Graph, node: Node, root: Path) -> JobSpec:
    """Return the program that does one node of a run."""
    arguments = (str(root), graph.spec.name, node.name)
    name = f"{graph.spec.name}-{node.name}".replace("@", "-")
    return JobSpec(name=name, module=f"services.{node.stage.service}", arguments=arguments)
