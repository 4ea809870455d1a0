"""The door of a service: serve its queues, or do what is left of its stages in one run.

Knows the worker and the wiring; the stages are handed in, so it knows none of them.
"""

import argparse
import logging
import sys
import threading
from pathlib import Path

from pairmill.core.errors import RetryError, StopError
from pairmill.pipeline.barrier import finished_nodes, work_of
from pairmill.pipeline.graph import Graph, Node, RunSpec, progress_key
from pairmill.pipeline.progress import ObjectProgress
from pairmill.pipeline.runs import load_run
from pairmill.pipeline.spending import spending_of
from pairmill.pipeline.standing import end_run, submitted
from pairmill.ports.jobs import JobSpec
from pairmill.settings import read_settings
from pairmill.telemetry import event, log_to_stderr
from pairmill.wiring import Ports, Stores
from pairmill.worker import Worker
from pairmill.working.desk import Stages
from pairmill.working.lease import Drained
from pairmill.working.patience import wait_for_stores
from pairmill.working.signals import stop_on_signals

STOPPED, DRAINED = 3, 143
"""Exit statuses: trying again cannot help, the text is the last line printed; told to end."""


def open_door(service: str, stages: Stages) -> int:
    """Be the program of a service; return the exit status.

    Without arguments it takes tasks from its stages' queues until SIGTERM. With RUN [NODE] it does
    what is left of its nodes of that run, or of the one named, and ends.
    """
    given = _parser(service, stages).parse_args()
    log_to_stderr()
    try:
        settings = read_settings()
        if given.root:
            settings = settings.at(given.root)
        if given.run:
            return _do_run(Stores(settings), stages, given.run, given.node)
        from pairmill.shell import serve_queues  # metrics and queues are for clusters alone

        return serve_queues(service, stages, Stores(settings))
    except (StopError, KeyError) as error:
        print(error.args[0] if error.args else error, file=sys.stderr)
        return STOPPED
    except Drained:
        return DRAINED


def job_of(spec: RunSpec, node: Node, root: Path | None = None) -> JobSpec:
    """Return the program that does one node of a run, as `open_door` takes it.

    root: an output folder; without one the program finds everything by its environment. A training
    in several processes is one job: its program starts them, by torchrun.
    """
    processes = spec.config.training.processes if node.stage.name == "train" else 1
    arguments = (spec.name, node.name, *(("--root", str(root)) if root else ()),
                 *(("--processes", str(processes)) if processes > 1 else ()))  # fmt: skip
    name = f"{spec.name}-{node.name}".replace("@", "-")
    return JobSpec(name=name, module=f"services.{node.stage.service}", arguments=arguments,
                   environment={"PAIRMILL_WORKER_NAME": name})  # fmt: skip


def _parser(service: str, stages: Stages) -> argparse.ArgumentParser:
    about = "Takes tasks from its queues; with RUN it does what is left of a run, and ends."
    parser = argparse.ArgumentParser(
        prog=f"python -m services.{service}",
        description=about,
        epilog="Settings come from the environment: PAIRMILL_*.",
    )
    parser.add_argument("run", nargs="?", default="", help="name of a run")
    names = ", ".join(stages)
    parser.add_argument("node", nargs="?", default="", help=f"one of: {names}, or one @gallery")
    parser.add_argument("--root", type=Path, help="output folder of `pairmill run`")
    return parser


def _do_run(stores: Stores, stages: Stages, run: str, only: str) -> int:
    with stop_on_signals() as stop:
        worker = _worker(stores, stages, run, stop)
        graph = worker.graph
        try:
            for node in [graph.node(only)] if only else graph.nodes:
                while node.stage.name in stages and not _done(worker, node):
                    _pause(worker)
        except StopError as error:
            _stop_run(stores, run, f"{only or 'job'}: {error}")
            raise
    return 0


def _worker(stores: Stores, stages: Stages, run: str, stop: threading.Event) -> Worker:
    wait_for_stores(stores, stop)
    if stop.is_set():
        raise Drained
    spec, places = load_run(stores.objects, run)
    books = spending_of(stores.objects, run, spec.config)
    ports = Ports(stores, spec.config, places, books)
    worker = Worker(ports, Graph(spec), stages, stop=stop, patient=True)
    worker.owner = stores.settings.worker_name or worker.owner
    return worker


def _stop_run(stores: Stores, run: str, why: str) -> None:
    """A run that a coordinator conducts is told not to try again; others have nobody to tell."""
    if submitted(stores.objects, run) is not None:
        end_run(stores.objects, run, "stopped", why)


def _done(worker: Worker, node: Node) -> bool:
    """Do what is left of a node; False where a server went away meanwhile, which ends no job."""
    try:
        _do_node(worker, node)
    except RetryError as error:
        event("waiting for a server", level=logging.WARNING, error=str(error))
        return False
    return True


def _do_node(worker: Worker, node: Node) -> None:
    objects, graph = worker.ports.objects, worker.graph
    if not finished_nodes(objects, graph).issuperset(node.takes):
        raise StopError(f"{node.name}: {', '.join(node.takes)} must be finished first")
    worker.progress = ObjectProgress(objects, progress_key(graph.spec.name, node.name))
    for task in work_of(objects, graph, node).tasks:
        while not worker.handle(task):
            _pause(worker)


def _pause(worker: Worker) -> None:
    """Wait before another attempt; Drained where the process was told to end."""
    if worker.stop.wait(worker.ports.settings.backoff_seconds):
        raise Drained
