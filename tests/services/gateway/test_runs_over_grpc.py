"""The gateway over gRPC: what a client hears of runs, their ends, and every refusal in words."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest
from grpc_status import rpc_status
from pydantic import SecretStr

from pairmill.calling import AwayError, RefusedError
from pairmill.client_runs import Attached, RunRequest, Runs
from pairmill.pb.runs_pb2 import SubmitRunRequest
from pairmill.pb.runs_pb2_grpc import RunServiceStub
from pairmill.pipeline.letters import buried, bury
from pairmill.pipeline.standing import (
    NodeProgress,
    RunProgress,
    Submitted,
    active_runs,
    end_run,
    note_submitted,
    save_progress,
)
from pairmill.ports.queue import Task
from pairmill.run_messages import MAX_FILE_BYTES
from pairmill.settings import ServerSettings
from pairmill.wiring import Stores
from services.gateway.rooms import Rooms
from tests.services.gateway.world import Served, draw, serving

PHOTOS = RunRequest(corpus="s3://own/photos")
EMBED = NodeProgress(node="embed", unit="image", tasks=3, done=1, open=2, records=10, total=30)


@pytest.fixture
def runs(served: Served) -> Iterator[Runs]:
    with Runs(served.address, seconds=20) as found:
        yield found


def refusal(caught: "pytest.ExceptionInfo[RefusedError]") -> tuple[str, str]:
    return caught.value.code, caught.value.reason


def test_a_run_is_submitted_once_and_can_be_got(runs: Runs) -> None:
    first = runs.submit(PHOTOS)
    again = runs.submit(PHOTOS)
    assert (first.existed, again.existed) == (False, True)
    assert (first.run, first.state) == (again.run, again.state)
    now = runs.get(first.run)
    assert (now.submitted.corpus, now.state, now.nodes) == ("photos", "active", ())
    assert now.submitted.time.startswith("20")


def test_captions_benchmark_and_configuration_go_with_a_request(runs: Runs, stores: Stores) -> None:
    line = b'{"query_id": "1", "query_image": "a", "instruction": "x", "targets": ["b"]}\n'
    asked = RunRequest(
        corpus="s3://own/photos", config_yaml="seed: 3",
        captions=Attached(name="c.csv", data=b"file,caption\na.jpg,a red square\n"),
        benchmark=Attached(name="q.jsonl", data=line),
    )  # fmt: skip
    run = runs.submit(asked).run
    assert stores.objects.get(f"runs/{run}/benchmark.jsonl") == line
    assert b'"seed":3' in stores.objects.get(f"runs/{run}/run.json")


def test_a_request_of_the_largest_parts_is_not_refused_by_the_transport(runs: Runs) -> None:
    row = b'{"query_id": "1", "query_image": "a", "instruction": "x", "targets": ["b"]}\n'
    spaces = b" " * (MAX_FILE_BYTES - len(row) - 1) + b"\n"
    table = b"file,caption\n" + b"a.jpg,a red square\n" * 1000
    table += b"a.jpg," + b"x" * (MAX_FILE_BYTES - len(table) - 7) + b"\n"
    asked = RunRequest(corpus="s3://own/photos", config_yaml="#" * 2**18,
                       captions=Attached(name="c.csv", data=table),
                       benchmark=Attached(name="q.jsonl", data=row + spaces))  # fmt: skip
    assert len(table) == len(row + spaces) == MAX_FILE_BYTES
    assert runs.submit(asked).state == "active"


def test_all_faults_come_as_field_violations(served: Served) -> None:
    request = SubmitRunRequest(corpus="/photos", config_yaml="seed: -1\nmining: {foo: 1}")
    with grpc.insecure_channel(served.address) as channel:
        with pytest.raises(grpc.RpcError) as caught:
            RunServiceStub(channel).SubmitRun(request, timeout=20)  # type: ignore[no-untyped-call,unused-ignore]
        status = rpc_status.from_call(caught.value)
    assert status is not None
    found = BadRequest()
    (packed,) = [detail for detail in status.details if detail.Is(BadRequest.DESCRIPTOR)]
    packed.Unpack(found)
    fields = [violation.field for violation in found.field_violations]
    assert sorted(fields) == ["config.mining.foo", "config.seed", "corpus"]
    assert all(f"\n  {field}: " in status.message for field in fields)


def test_a_hundred_faults_are_still_an_answer(runs: Runs) -> None:
    text = "\n".join(f"{'wrong' * 20}{number}: 1" for number in range(100))
    with pytest.raises(RefusedError, match="got 100 faults") as caught:
        runs.submit(RunRequest(corpus="s3://own/photos", config_yaml=text))
    assert refusal(caught) == ("INVALID_ARGUMENT", "FAULTY_REQUEST")


def test_runs_are_listed_page_by_page_the_last_one_first(runs: Runs, stores: Stores) -> None:
    for number in range(7):
        run = Submitted(run=f"r-{number}", corpus="photos", time=f"2026-01-0{7 - number}")
        note_submitted(stores.objects, run)
    end_run(stores.objects, "r-2", "stopped", "no space")
    listed = []
    for now in runs.list(page_size=3):
        listed.append(now)
        if len(listed) == 1:  # a run that comes meanwhile moves none to another page
            late = Submitted(run="late", corpus="photos", time="2026-02-01")
            note_submitted(stores.objects, late)
    assert [now.submitted.run for now in listed] == [f"r-{number}" for number in range(7)]
    assert [now.state for now in listed].count("stopped") == 1
    assert listed[2].end is not None
    assert listed[2].end.why == "no space"


def test_a_watched_run_is_told_whenever_it_changes_until_it_ends(
    runs: Runs, stores: Stores
) -> None:
    run = runs.submit(PHOTOS).run
    told = runs.watch(run)
    assert next(told).nodes == ()
    save_progress(stores.objects, RunProgress(run=run, nodes=(EMBED,)))
    assert next(told).nodes == (EMBED,)
    end_run(stores.objects, run, "finished", "")
    assert [now.state for now in told] == ["finished"]
    assert [now.state for now in runs.watch(run)] == ["finished"]


def test_cancelling_ends_a_run_once_and_may_be_asked_for_twice(runs: Runs, stores: Stores) -> None:
    run = runs.submit(PHOTOS).run
    task = Task(run=run, node="embed", shard="000000")
    stores.ledger.open(task)
    first = runs.cancel(run, "too dear")
    assert active_runs(stores.objects) == []
    assert stores.ledger.open_tasks(run, "embed") == []
    assert runs.cancel(run, "again") == first
    assert first.end is not None
    assert first.end.why == "too dear"


@pytest.mark.parametrize("state", ["finished", "stopped"])
def test_a_run_that_came_to_another_end_cannot_be_cancelled(
    runs: Runs, stores: Stores, state: str
) -> None:
    run = runs.submit(PHOTOS).run
    end_run(stores.objects, run, state, "")  # type: ignore[arg-type]
    with pytest.raises(RefusedError, match=f"it is {state} already") as caught:
        runs.cancel(run)
    assert refusal(caught) == ("FAILED_PRECONDITION", "WRONG_STATE")


@pytest.mark.parametrize(
    ("state", "letters", "reopened"),
    [("finished", 0, False), ("finished", 2, True), ("stopped", 0, True), ("cancelled", 1, True),
     (None, 2, False)],
)  # fmt: skip
def test_a_retry_brings_dead_letters_back_and_reopens_what_has_something_left_to_do(
    runs: Runs, stores: Stores, state: str | None, letters: int, reopened: bool
) -> None:
    run = runs.submit(PHOTOS).run
    for number in range(letters):
        bury(stores.objects, Task(run=run, node="embed@gallery", shard=f"00000{number}"), 3, "why")
    if state:
        end_run(stores.objects, run, state, "")  # type: ignore[arg-type]
    done = runs.retry(run)
    assert (done.tasks, done.reopened) == (letters, reopened)
    assert list(buried(stores.objects, run)) == []
    assert done.standing.state == ("finished" if state == "finished" and not letters else "active")
    assert runs.retry(run).tasks == 0


def test_a_report_is_given_once_it_is_written(runs: Runs, stores: Stores) -> None:
    run = runs.submit(PHOTOS).run
    with pytest.raises(RefusedError, match="it is active, and it is written when") as caught:
        runs.report(run)
    assert refusal(caught) == ("NOT_FOUND", "NO_SUCH_RUN")
    end_run(stores.objects, run, "cancelled", "too dear")
    with pytest.raises(RefusedError, match=r"it is cancelled \(too dear\)"):
        runs.report(run)
    stores.objects.put(f"runs/{run}/report.json", b'{"format": 1, "run": "x"}\n')
    assert runs.report(run) == {"format": 1, "run": "x"}


def test_an_unknown_run_is_not_found_and_the_nearest_is_named(runs: Runs) -> None:
    run = runs.submit(PHOTOS).run
    asked: list[Callable[[str], object]] = [
        runs.get, runs.cancel, runs.retry, runs.report, lambda name: next(runs.watch(name)),
    ]  # fmt: skip
    for ask in asked:
        with pytest.raises(RefusedError, match=f"did you mean '{run}'") as caught:
            ask(run[:-1])
        assert refusal(caught) == ("NOT_FOUND", "NO_SUCH_RUN")


@pytest.mark.parametrize("name", ["", "../pairmill", "a/b", "x" * 5000, "a\0b", "é"])
def test_a_name_that_is_none_is_not_found(runs: Runs, name: str) -> None:
    with pytest.raises(RefusedError, match="no run") as caught:
        runs.get(name)
    assert caught.value.code == "NOT_FOUND"


def test_a_token_that_no_page_gave_is_refused(served: Served) -> None:
    for token in ("nonsense", "e30=", "WzFd", "é"):
        status, told = served.post("ListRuns", {"pageToken": token})
        assert (status, told["code"]) == (400, "invalid_argument")
    assert served.post("ListRuns", {"pageSize": -1})[0] == 400


def test_json_over_http_says_the_same_as_grpc(served: Served, runs: Runs) -> None:
    status, told = served.post("SubmitRun", {"corpus": "s3://own/photos"})
    assert (status, told["state"]) == (200, "RUN_STATE_ACTIVE")
    assert runs.submit(PHOTOS).run == told["run"]
    status, told = served.post("GetRun", {"run": told["run"]})
    assert status == 200
    assert told["run"]["corpus"] == "photos"
    status, told = served.post("SubmitRun", {"corpus": "photos", "preset": "huge"})
    assert (status, told["code"]) == (400, "invalid_argument")
    fields = [v["field"] for d in told["details"] for v in d["debug"].get("fieldViolations", [])]
    assert sorted(fields) == ["corpus", "preset"]
    assert served.post("GetRun", {"run": "none"})[0] == 404


def test_without_the_right_key_nothing_is_told(rooms: Rooms) -> None:
    locked = ServerSettings(api_key=SecretStr("right"), grace_seconds=5)
    with serving(rooms, locked) as served:
        for key in ("", "wrong"):
            with Runs(served.address, key, seconds=20) as runs:
                with pytest.raises(RefusedError) as caught:
                    runs.submit(PHOTOS)
                assert refusal(caught) == ("UNAUTHENTICATED", "WRONG_KEY")
                assert "right" not in str(caught.value)
                with pytest.raises(RefusedError):
                    next(runs.watch("laptop-1"))
        with Runs(served.address, "right", seconds=20) as runs:
            assert runs.submit(PHOTOS).state == "active"


def test_nobody_there_is_an_error_that_says_so() -> None:
    with Runs("127.0.0.1:1", seconds=5) as runs, pytest.raises(AwayError) as caught:
        runs.get("laptop-1")
    assert "no server answers at 127.0.0.1:1" in str(caught.value)


def test_a_watcher_waits_for_a_gateway_that_is_replaced(rooms: Rooms, stores: Stores) -> None:
    with serving(rooms, ServerSettings(grace_seconds=0)) as first:
        ports = first.ports
        with Runs(first.address, seconds=20) as runs:
            run = runs.submit(PHOTOS).run
            told = runs.watch(run)
            next(told)
    found: list[str] = []
    with Runs(first.address, seconds=20) as runs:
        told = runs.watch(run)
        follower = threading.Thread(target=lambda: found.extend(now.state for now in told))
        settings = ServerSettings(port=ports.grpc, http_port=ports.http, grace_seconds=0)
        with serving(rooms, settings):
            follower.start()
            while not found:
                threading.Event().wait(0.02)
        with serving(rooms, settings):
            end_run(stores.objects, run, "finished", "")
            follower.join(30)
    assert found == ["active", "finished"]


def test_two_replicas_on_one_store_answer_alike(rooms: Rooms, stores: Stores) -> None:
    other = Rooms(stores, rooms.open_source)
    settings = ServerSettings(grace_seconds=5)
    with (
        serving(rooms, settings) as a,
        serving(other, settings) as b,
        Runs(a.address) as one,
        Runs(b.address) as two,
    ):
        run = one.submit(PHOTOS).run
        assert two.submit(PHOTOS).existed
        two.cancel(run)
        assert one.get(run) == two.get(run)
        assert one.get(run).state == "cancelled"


def test_many_who_submit_the_same_at_once_get_one_run(runs: Runs, stores: Stores) -> None:
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(runs.submit(PHOTOS).run))
               for _ in range(8)]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == 8
    assert active_runs(stores.objects) == [*set(found)]


def test_of_two_sources_that_race_for_one_name_one_wins_whole(
    served: Served, buckets: Path, stores: Stores
) -> None:
    draw(buckets / "other/photos", "xyz")
    told: list[tuple[int, str]] = []

    def ask(bucket: str) -> None:
        status, answer = served.post("SubmitRun", {"corpus": f"s3://{bucket}/photos"})
        told.append((status, answer.get("message", "")))

    threads = [threading.Thread(target=ask, args=(bucket,)) for bucket in ("own", "other")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(status for status, _ in told) == [200, 400]
    (refused,) = [text for status, text in told if status == 400]
    assert "belongs to" in refused
    assert len(active_runs(stores.objects)) == 1
