"""Follow the first of several processes that train. Knows the door's arguments and the wiring;
knows no loss and no model.

The first process is the program that it would be alone: it claims the task, keeps states and
commits. The others read the same, train along, and write nothing.
"""

import argparse
from pathlib import Path

from pairmill.core.errors import StopError
from pairmill.door import STOPPED
from pairmill.models.joining import wait_for_turn
from pairmill.pipeline.checkpoint import Attempt, Checkpoints
from pairmill.pipeline.graph import ALL, Graph
from pairmill.pipeline.images import Images
from pairmill.pipeline.output import Output
from pairmill.pipeline.progress import Silent
from pairmill.pipeline.runs import load_run
from pairmill.ports.queue import Task
from pairmill.settings import read_settings
from pairmill.wiring import Ports, Stores
from pairmill.working.desk import open_shard
from services.trainer.gathering import drop_unseen_edits, read_material
from services.trainer.stage import Desk, fit

TRAIN = "train"


def follow(arguments: list[str]) -> int:
    """Train along with the first process, if it trains; return the exit status."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("run")
    parser.add_argument("node", nargs="?", default=TRAIN)
    parser.add_argument("--root", type=Path)
    given = parser.parse_args(arguments)
    if not wait_for_turn():
        return 0
    settings = read_settings()
    try:
        _train_along(Stores(settings.at(given.root) if given.root else settings), given.run)
    except StopError:
        return STOPPED  # the first process says why
    return 0


def _train_along(stores: Stores, run: str) -> None:
    spec, places = load_run(stores.objects, run)
    ports, graph = Ports(stores, spec.config, places), Graph(spec)
    node, task = graph.node(TRAIN), Task(run=run, node=TRAIN, shard=ALL)
    shard = open_shard(ports, graph, task)
    kept = Checkpoints(ports.objects, f"{node.home}/unfinished/{task.node}/{task.shard}")
    desk = Desk(shard=shard, images=Images(ports.objects, ports.source), encoder=ports.encoder,
                attempt=Attempt(progress=Silent(), checkpoints=kept))  # fmt: skip
    material = read_material(shard, ports.objects)
    unwritten = Output(ports.objects, node.home, node.stage, task.shard)
    drop_unseen_edits(shard, ports.objects, unwritten, material)
    fit(desk, material)
