"""The commands of a cluster, against a gateway on loopback: what they show, and errors in words."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from pairmill.pb.runs_pb2 import SubmitRunRequest
from pairmill.pipeline.letters import bury
from pairmill.pipeline.standing import (
    NodeProgress,
    RunProgress,
    active_runs,
    end_run,
    save_progress,
)
from pairmill.ports.queue import Task
from pairmill.settings import ServerSettings, Settings
from pairmill.wiring import Stores
from services.cli.__main__ import main
from services.cli.screen import CONSOLE
from services.gateway.rooms import Rooms
from tests.services.gateway.world import Served, draw, opener, serving

Say = Callable[..., tuple[int, str, str]]
"""Runs one command; returns its status, and what it printed and complained."""


@pytest.fixture
def rooms(tmp_path: Path) -> Rooms:
    draw(tmp_path / "buckets/own/photos", "abc")
    (tmp_path / "root").mkdir()
    return Rooms(Stores(Settings(root=tmp_path / "root")), opener(tmp_path / "buckets"))


@pytest.fixture
def served(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    with serving(rooms, ServerSettings(grace_seconds=5)) as found:
        monkeypatch.setenv("PAIRMILL_GATEWAY", found.address)
        yield found


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("PAIRMILL_API_KEY", raising=False)

    def command(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["pairmill", *map(str, arguments)])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        return code, *capsys.readouterr()

    return command


@pytest.fixture
def run(served: Served, say: Say) -> str:
    code, told, _ = say("submit", "--corpus", "s3://own/photos")
    assert code == 0
    return told.split()[1].rstrip(":")


def test_a_submission_names_its_run_and_what_comes_next(served: Served, say: Say) -> None:
    code, told, _ = say("submit", "--corpus", "s3://own/photos")
    assert code == 0
    run = told.split()[1].rstrip(":")
    assert f"run {run}: active" in told
    assert f"next:   pairmill watch {run}" in told
    code, again, _ = say("submit", "--corpus", "s3://own/photos")
    assert f"run {run}: active (submitted before)" in again


def test_files_of_this_machine_go_with_a_submission(
    served: Served, rooms: Rooms, say: Say, tmp_path: Path
) -> None:
    (tmp_path / "c.csv").write_text("file,caption\na.jpg,a red square\n")
    query = {"query_id": "1", "query_image": "a", "instruction": "x", "targets": ["b"]}
    (tmp_path / "q.jsonl").write_text(json.dumps(query))
    (tmp_path / "run.yaml").write_text("seed: 5\n")
    files = {"--captions": "c.csv", "--benchmark": "q.jsonl", "--config": "run.yaml"}
    options = [part for option, name in files.items() for part in (option, tmp_path / name)]
    assert say("submit", "--corpus", "s3://own/photos", *options)[0] == 0
    (run,) = active_runs(rooms.stores.objects)
    spec = json.loads(rooms.stores.objects.get(f"runs/{run}/run.json"))
    assert spec["config"]["seed"] == 5
    assert spec["benchmark"]


def test_all_faults_of_a_submission_are_told_at_once(
    served: Served, say: Say, tmp_path: Path
) -> None:
    (tmp_path / "run.yaml").write_text("seed: -1\nmining: {foo: 1}\n")
    code, _, told = say("submit", "--corpus", tmp_path, "--config", tmp_path / "run.yaml")
    assert code == 3
    assert "got 3 faults" in told
    assert "config.seed" in told
    assert "config.mining.foo" in told
    assert f"pairmill upload {tmp_path} s3://BUCKET/PREFIX" in told


@pytest.mark.parametrize("option", ["--captions", "--benchmark", "--config", "--api-key-file"])
def test_a_file_that_is_not_there_is_told_before_anything_is_asked(
    say: Say, tmp_path: Path, option: str
) -> None:
    code, _, told = say("submit", "--corpus", "s3://own/photos", option, tmp_path / "none")
    assert code == 3
    assert f"{tmp_path / 'none'}: wanted" in told


def test_the_runs_are_a_table(
    served: Served, rooms: Rooms, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CONSOLE, "_width", 160)  # a cell that is wrapped is not found
    assert "pairmill submit" in say("runs")[1]
    for seed in range(3):
        asked = SubmitRunRequest(corpus="s3://own/photos", config_yaml=f"seed: {seed}")
        rooms.office.take(asked)
    first, second, third = active_runs(rooms.stores.objects)
    node = NodeProgress(node="embed", unit="image", tasks=4, done=1, open=2, failed=1)
    save_progress(rooms.stores.objects, RunProgress(run=first, nodes=(node,)))
    end_run(rooms.stores.objects, second, "cancelled", "")
    _, told, _ = say("runs")
    lines = {name: line for line in told.splitlines() for name in (first, second, third)
             if name in line}  # fmt: skip
    assert "active (1 tasks failed)" in lines[first]
    assert "embed" in lines[first]
    assert "cancelled" in lines[second]
    assert all("photos" in line and "20" in line for line in lines.values())
    _, told, _ = say("runs", "--num", "2")
    assert "and more" in told


def test_watching_ends_with_the_state_and_what_to_do_next(
    served: Served, rooms: Rooms, say: Say, run: str
) -> None:
    objects = rooms.stores.objects
    nodes = (
        NodeProgress(node="ingest", unit="image", tasks=1, done=1, records=3, total=3, seconds=2),
        NodeProgress(node="embed", unit="image", tasks=4, done=3, failed=1, records=9, total=12),
    )
    save_progress(objects, RunProgress(run=run, nodes=nodes))
    threading.Timer(0.3, lambda: end_run(objects, run, "finished", "")).start()
    code, told, _ = say("watch", run)
    assert code == 0
    assert "ingest" in told
    assert "1.5 images/s" in told
    assert "9/12" in told
    assert f"1 tasks failed; give them another chance: pairmill retry {run}" in told
    assert f"pairmill report {run}" in told


def test_a_run_that_was_stopped_is_an_error_with_its_reason(
    served: Served, rooms: Rooms, say: Say, run: str
) -> None:
    end_run(rooms.stores.objects, run, "stopped", "no space left")
    code, _, told = say("watch", run)
    assert code == 3
    assert f"run {run} was stopped: no space left" in told
    assert f"pairmill retry {run}" in told


def test_submit_can_watch_at_once(served: Served, rooms: Rooms, say: Say, run: str) -> None:
    end_run(rooms.stores.objects, run, "finished", "")
    code, told, _ = say("submit", "--corpus", "s3://own/photos", "--watch")
    assert code == 0
    assert f"next:   pairmill report {run}" in told


def test_a_cancelled_run_can_be_gone_on_with(
    served: Served, rooms: Rooms, say: Say, run: str
) -> None:
    bury(rooms.stores.objects, Task(run=run, node="embed", shard="000000"), 3, "broken")
    code, told, _ = say("cancel", run, "--why", "too dear")
    assert (code, active_runs(rooms.stores.objects)) == (0, [])
    assert f"pairmill retry {run}" in told
    assert "(too dear)" in say("watch", run)[1]
    code, told, _ = say("retry", run)
    assert (code, active_runs(rooms.stores.objects)) == (0, [run])
    assert "active again; 1 tasks get another chance" in told
    assert "active, as before; 0 tasks" in say("retry", run)[1]


def test_a_finished_run_is_neither_cancelled_nor_retried(
    served: Served, rooms: Rooms, say: Say, run: str
) -> None:
    end_run(rooms.stores.objects, run, "finished", "")
    code, _, told = say("cancel", run)
    assert code == 3
    assert "finished already" in told
    assert "nothing to retry" in say("retry", run)[1]


def test_a_report_is_shown_and_kept(
    served: Served, rooms: Rooms, say: Say, run: str, tmp_path: Path
) -> None:
    code, _, told = say("report", run)
    assert code == 3
    assert "it is active" in told
    stage = {"inputs": 3, "outputs": 2, "rejects": {"broken": 1}, "parts": {}}
    figures = {"run": run, "stages": {"ingest": stage}, "seconds": {"ingest": 1.0},
               "rejects": {"broken": 1}}  # fmt: skip
    rooms.stores.objects.put(f"runs/{run}/report.json", json.dumps(figures).encode())
    code, told, _ = say("report", run, "--json", tmp_path / "r.json")
    assert code == 0
    assert "broken 1" in told
    assert json.loads((tmp_path / "r.json").read_text()) == figures


@pytest.mark.parametrize("command", ["watch", "cancel", "retry", "report"])
def test_an_unknown_run_names_the_nearest(say: Say, run: str, command: str) -> None:
    code, _, told = say(command, run[:-1])
    assert code == 3
    assert f"did you mean '{run}'" in told


def test_nobody_there_says_how_to_reach_one(say: Say) -> None:
    code, _, told = say("runs", "--gateway", "127.0.0.1:1")
    assert code == 3
    assert "no server answers at 127.0.0.1:1" in told
    assert "--gateway or PAIRMILL_GATEWAY" in told


def test_the_key_comes_from_the_environment_or_a_file(
    rooms: Rooms, say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text("right\n")
    locked = ServerSettings(api_key=SecretStr("right"), grace_seconds=5)
    with serving(rooms, locked) as served:
        there = ("--gateway", served.address)
        code, _, told = say("runs", *there)
        assert code == 3
        assert "wants another key: put it into PAIRMILL_API_KEY" in told
        assert say("runs", *there, "--api-key-file", tmp_path / "key")[0] == 0
        monkeypatch.setenv("PAIRMILL_API_KEY", "wrong")
        code, _, told = say("runs", *there)
        assert code == 3
        assert "wrong" not in told
        monkeypatch.setenv("PAIRMILL_API_KEY", "right")
        assert say("runs", *there)[0] == 0
