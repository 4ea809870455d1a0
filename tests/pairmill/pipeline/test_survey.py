"""A survey finds what is left of a run as commits come in, one by one."""

from pathlib import Path

import pytest

from pairmill.config import RunConfig, parse_config
from pairmill.pipeline.barrier import finished_nodes, work_of
from pairmill.pipeline.letters import bury
from pairmill.pipeline.survey import Survey
from pairmill.ports.queue import Task
from pairmill.worker import Worker
from tests.fakes import SHARDS, STAGES, submit

ASKED = parse_config({"captioning": {"captioner": "llm", "chat": {"model": "seer/1"}}})


@pytest.mark.parametrize("config", [RunConfig(), ASKED])
def test_every_commit_opens_what_it_allows_and_nothing_else(
    tmp_path: Path, config: RunConfig
) -> None:
    ports, graph = submit(tmp_path, config=config)
    survey, worker = Survey(ports.objects, graph), Worker(ports, graph, STAGES)
    opened: list[str] = []
    while left := [task for view in survey.look() for task in view.left]:
        node = graph.node(left[0].node)
        finished = finished_nodes(ports.objects, graph)
        assert finished.issuperset(node.whole)
        opened.append(left[0].node)
        assert worker.handle(left[0])
    assert all(view.finished for view in survey.look())
    assert finished_nodes(ports.objects, graph) == {node.name for node in graph.nodes}
    for node in graph.nodes:
        assert opened.count(node.name) == len(work_of(ports.objects, graph, node).tasks)


def test_a_successor_shard_opens_with_its_own_predecessor(tmp_path: Path) -> None:
    ports, graph = submit(tmp_path)
    worker = Worker(ports, graph, STAGES)
    for name in ("ingest", "dedupe", "embed", "bands", "mine", "select"):
        for task in work_of(ports.objects, graph, graph.node(name)).tasks:
            worker.handle(task)
    worker.handle(Task(run="r", node="describe", shard="p000001"))
    survey = Survey(ports.objects, graph)
    survey.look()
    view = survey.views["instruct"]
    assert [task.shard for task in view.left] == ["p000001"]
    assert not view.whole
    assert not view.finished


def test_a_shard_is_embedded_as_soon_as_its_captions_are_there(tmp_path: Path) -> None:
    ports, graph = submit(tmp_path, config=ASKED)
    worker = Worker(ports, graph, STAGES)
    for name in ("ingest", "dedupe"):
        for task in work_of(ports.objects, graph, graph.node(name)).tasks:
            worker.handle(task)
    assert not Survey(ports.objects, graph).views["embed"].left
    worker.handle(Task(run="r", node="caption", shard=SHARDS[1]))
    survey = Survey(ports.objects, graph)
    survey.look()
    assert [task.shard for task in survey.views["embed"].left] == [SHARDS[1]]
    assert not survey.views["embed"].whole


def test_dead_letters_cover_a_task_until_it_is_committed_after_all(tmp_path: Path) -> None:
    ports, graph = submit(tmp_path)
    for shard in SHARDS:
        bury(ports.objects, Task(run="r", node="ingest", shard=shard), 3, "poison")
    view = Survey(ports.objects, graph).look()[0]
    assert view.failed
    survey = Survey(ports.objects, graph)
    Worker(ports, graph, STAGES).handle(Task(run="r", node="ingest", shard=SHARDS[0]))
    view = survey.look()[0]
    assert (view.finished, view.failed, view.dead) == (True, False, set(SHARDS[1:]))
    assert view.num_records == 2
