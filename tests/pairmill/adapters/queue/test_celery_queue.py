"""What the queue on Celery must withstand: foreign messages, a broker that is away or refuses;
and the private keys of kombu that it counts on."""

import base64
import json
import logging
import signal
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import redis
from pydantic import SecretStr

from pairmill.adapters.queue.celery import CeleryQueue
from pairmill.core.errors import ConfigError, PairmillError, RetryError
from pairmill.ports.queue import Serving, Task
from pairmill.settings import RedisSettings
from tests.servers.processes import RedisServer

pytestmark = pytest.mark.servers
TASK = Task(run="r", node="embed", shard="a")


@pytest.fixture
def prefix() -> str:
    return f"test-{uuid.uuid4().hex}:"


@pytest.fixture
def client(redis_server: RedisServer) -> Generator["redis.Redis"]:
    with redis_server.client() as client:
        yield client


@pytest.fixture
def queue(redis_server: RedisServer, prefix: str) -> Generator[CeleryQueue]:
    """A queue whose messages come again after two seconds without a sign of life."""
    settings = redis_server.settings(prefix)
    with closing(CeleryQueue(settings, visibility_seconds=2.0)) as queue:
        yield queue


def serve_one(queue: CeleryQueue, work: Callable[[Task], object] = lambda task: None) -> list[Task]:
    """Serve until a task with the shard `last` came; return all that came."""
    stop, seen = threading.Event(), []
    timer = threading.Timer(20, stop.set)
    timer.start()

    def handler(task: Task) -> bool:
        work(task)
        seen.append(task)
        if task.shard == "last":
            stop.set()
        return True

    queue.serve(Serving(stages=["embed"], stop=stop), handler)
    timer.cancel()
    timer.join()
    return seen


LAST = Task(run="r", node="embed", shard="last")


def test_kombu_keeps_what_is_under_way_where_the_heartbeat_looks(
    queue: CeleryQueue, prefix: str, client: "redis.Redis"
) -> None:
    """The keys are private to kombu: if this fails, the lease of long tasks is not kept."""
    queue.publish(LAST)
    found: list[Any] = []

    def work(task: Task) -> None:
        for _ in range(2):
            found.append(client.zrange(f"{prefix}unacked_index", 0, -1, withscores=True))
            found.append(client.hkeys(f"{prefix}unacked"))
            time.sleep(1.2)

    serve_one(queue, work)
    ((tag, before),), tags, ((same, after),), _ = found
    assert tags == [tag] == [same]
    assert abs(before - time.time()) < 10
    assert after - before > 0.4, "its age is written anew every half second"
    assert client.keys(prefix + "unacked*") == []


def test_what_redis_forgot_is_not_put_back_by_the_heartbeat(
    queue: CeleryQueue, prefix: str, client: "redis.Redis"
) -> None:
    queue.publish(LAST)

    def work(task: Task) -> None:
        for key in client.keys(prefix + "*"):
            client.delete(key)
        time.sleep(1.2)
        assert client.keys(prefix + "unacked*") == []

    assert serve_one(queue, work) == [LAST]


def message(**changed: Any) -> dict[str, Any]:
    """Return a task's message as Celery writes it, some of it changed."""
    told = changed.pop("told", {"run": "r", "node": "embed", "shard": "foreign"})
    more = changed.pop("more", {"callbacks": None, "errbacks": None, "chain": None, "chord": None})
    text = changed.pop("text", json.dumps([changed.pop("args", []), told, more]))
    encoded = base64.b64encode(text.encode()).decode()
    headers = {"task": "pairmill.task", "id": "1", **changed.pop("headers", {})}
    properties = {
        "delivery_info": {"exchange": "", "routing_key": "embed"},
        "delivery_tag": uuid.uuid4().hex,
        "body_encoding": "base64",
        **changed.pop("properties", {}),
    }
    return {"body": encoded, "content-type": "application/json", "content-encoding": "utf-8",
            "headers": headers, "properties": properties, **changed}  # fmt: skip


def named(**names: Any) -> dict[str, Any]:
    return message(told={"run": "r", "node": "embed", "shard": "s", **names})


NO_NAMES = ["", ".", "..", "a/b", "a\\b", "../a", "a..b", "a b", "a\n", "\x00", "x" * 201, 5, None]
FOREIGN: list[Any] = [
    b"", b"not JSON", b"\xff\xfe", b"[" * 100_000, b"5", b"[]", b"null", b'"text"', b"{}",
    b'{"body": ""}', {**message(), "properties": None}, {**message(), "headers": None},
    {**message(), "body": 7}, {**message(), "body": "*no base64*"},
    message(properties={"delivery_tag": None}), message(properties={"delivery_tag": ["a"]}),
    message(properties={"delivery_info": None}), message(properties={"body_encoding": "rot13"}),
    message(headers={"task": "celery.chord"}), message(headers={"task": "os.system"}),
    message(headers={"task": None}), message(headers={"task": ["pairmill.task"]}),
    message(headers={"id": None}), message(headers={"eta": "2999-01-01T00:00:00"}),
    message(headers={"expires": "1999-01-01T00:00:00"}), message(headers={"x": "x" * 9000}),
    message(headers={"compression": "application/x-gzip"}),
    message(text="no JSON"), message(text="[]"), message(text="[[], {}]"), message(text="5"),
    message(args=["r"]), message(told=[]), message(told={}), message(told={"run": "r"}),
    named(more="x"), named(node="mine"), *[named(shard=name) for name in NO_NAMES],
    *[named(run=name) for name in NO_NAMES], *[named(node=name) for name in NO_NAMES],
    message(more={"callbacks": [{"task": "pairmill.task"}], "errbacks": None, "chain": None,
                  "chord": None}),
    {**message(), "content-type": "application/x-python-serialize"},
    {**message(), "content-encoding": "binary"}, {**message(), "content-type": "text/plain"},
]  # fmt: skip


@pytest.mark.parametrize("how", ["serve", "drain"])
def test_what_is_no_task_is_thrown_away_and_the_tasks_behind_it_come(
    queue: CeleryQueue, prefix: str, client: "redis.Redis", how: str,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    for foreign in FOREIGN:
        client.lpush(
            f"{prefix}embed", foreign if isinstance(foreign, bytes) else json.dumps(foreign)
        )
    queue.publish(LAST)
    if how == "serve":
        assert serve_one(queue) == [LAST]
    else:
        seen: list[Task] = []
        assert queue.drain("embed", lambda task: not seen.append(task)) == 1  # type: ignore[func-returns-value]
        assert seen == [LAST]
    assert queue.length("embed") == 0
    assert client.keys(prefix + "unacked*") == []
    thrown = [one for one in caplog.records if one.getMessage() == "message thrown away"]
    assert len(thrown) >= len(FOREIGN) - 1
    assert RedisServer.password not in caplog.text


@pytest.mark.parametrize("field", ["run", "node", "shard"])
@pytest.mark.parametrize("name", [name for name in NO_NAMES if isinstance(name, str)])
def test_a_task_that_nobody_would_take_is_not_published(
    queue: CeleryQueue, field: str, name: str
) -> None:
    names = {"run": "r", "node": "embed", "shard": "s", field: name}
    with pytest.raises(ValueError, match=f"{field}="):
        queue.publish(Task(**names))


def test_a_message_is_small_and_holds_names_only(
    queue: CeleryQueue, prefix: str, client: "redis.Redis"
) -> None:
    queue.publish(TASK)
    raw = client.lindex(f"{prefix}embed", 0) or b""
    assert len(raw) < 2000
    body = json.loads(base64.b64decode(json.loads(raw)["body"]))
    assert body[:2] == [[], {"run": "r", "node": "embed", "shard": "a"}]
    assert client.keys(prefix + "*") == [f"{prefix}embed".encode()], "no binding that can be lost"


def test_serving_takes_over_no_signal(queue: CeleryQueue) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)]
    queue.publish(LAST)
    during: list[Any] = []
    serve_one(queue, lambda task: during.extend(map(signal.getsignal, (15, 2, 1))))
    assert during == before == [signal.getsignal(number) for number in (15, 2, 1)]


@pytest.fixture
def own(tmp_path: Path) -> Generator[RedisServer]:
    """A server of this test's own, to be killed."""
    with RedisServer(tmp_path / "redis") as server:
        yield server


def told(kind: type[PairmillError], call: Callable[[], object]) -> str:
    """Return the message of the error that `call` raises; no trace of it shows a password."""
    with pytest.raises(kind) as caught:
        call()
    trace = "".join(traceback.format_exception(caught.value))
    assert "wrong-secret" not in trace
    assert RedisServer.password not in trace
    return str(caught.value)


def calls(queue: CeleryQueue) -> list[Callable[[], object]]:
    return [
        lambda: queue.publish(TASK),
        lambda: queue.length("embed"),
        lambda: queue.drain("embed", lambda task: True),
    ]


def test_a_broker_that_stays_away_is_an_error_that_may_be_tried_again(own: RedisServer) -> None:
    with closing(CeleryQueue(own.settings(), tries=2)) as queue:
        queue.publish(TASK)
        own.kill()
        for call in calls(queue):
            assert "does not answer" in told(RetryError, call)
        threading.Timer(0.1, own.start).start()
        with closing(CeleryQueue(own.settings())) as patient:
            patient.publish(TASK)
        queue.publish(TASK)


@pytest.mark.parametrize("user", [":wrong-secret@", "nobody:wrong-secret@", ""])
def test_a_wrong_password_is_a_wrong_setting_and_is_not_shown(
    redis_server: RedisServer, user: str, caplog: pytest.LogCaptureFixture
) -> None:
    url = SecretStr(f"redis://{user}127.0.0.1:{redis_server.port}/0")
    with closing(CeleryQueue(RedisSettings(url=url))) as queue:
        serving = Serving(stages=["embed"], stop=threading.Event())
        for call in [*calls(queue), lambda: queue.serve(serving, lambda task: True)]:
            assert "refuses this user or password" in told(ConfigError, call)
    assert "wrong-secret" not in caplog.text


def test_a_full_broker_says_so(own: RedisServer) -> None:
    with closing(CeleryQueue(own.settings(), tries=1)) as queue, own.client() as client:
        client.config_set("maxmemory", "1")
        assert "no memory left" in told(RetryError, lambda: queue.publish(TASK))


def test_what_celery_logs_comes_as_events_without_the_password(
    queue: CeleryQueue, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("celery.worker").warning("lost redis://:%s@host", RedisServer.password)
    logging.getLogger("kombu").info("never mind")
    (record,) = [one for one in caplog.records if one.name == "pairmill"]
    fields = vars(record)["fields"]
    assert fields == {"source": "celery.worker", "text": "lost redis://:***@host"}
