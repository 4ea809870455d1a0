"""What the ledger in Redis must withstand: an emptied, restarted, absent, full, read-only or
refusing server; and what an autoscaler finds there."""

import threading
import time
import traceback
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr

from pairmill.adapters.ledger.redis import RedisLedger
from pairmill.core.errors import ConfigError, PairmillError, RetryError
from pairmill.ports.ledger import Ledger, Limits, Standing
from pairmill.ports.queue import Task
from pairmill.settings import RedisSettings
from tests.servers.processes import RedisServer

pytestmark = pytest.mark.servers
TASK = Task(run="r", node="embed@gallery", shard="00001")
OTHER = Task(run="r", node="embed", shard="00002")
LIMITS = Limits(max_attempts=3, lease_seconds=60.0, backoff_seconds=0.5)


@pytest.fixture
def server(tmp_path: Path) -> Generator[RedisServer]:
    """A server of this test's own, to be killed."""
    with RedisServer(tmp_path / "redis") as server:
        yield server


@pytest.fixture
def ledger(server: RedisServer) -> Generator[RedisLedger]:
    with closing(RedisLedger(server.settings(), LIMITS)) as ledger:
        yield ledger


def test_an_autoscaler_finds_the_open_tasks_of_a_stage_under_its_key(
    server: RedisServer, ledger: RedisLedger
) -> None:
    ledger.open(TASK)
    ledger.claim(OTHER, "w")
    with server.client() as client:
        assert client.zcard("pairmill:active:embed:open") == 2
        members = client.zrange("pairmill:active:embed:open", 0, -1)
        assert members == [b"r/embed@gallery/00001", b"r/embed/00002"]
        ledger.complete(OTHER, "w")
        assert client.zcard("pairmill:active:embed:open") == 1
        ledger.forget("r")
        assert client.keys() == [], "a run that is forgotten leaves nothing"


def test_the_servers_own_time_counts_where_no_clock_is_given(server: RedisServer) -> None:
    limits = Limits(max_attempts=3, lease_seconds=0.3, backoff_seconds=0.0)
    with closing(RedisLedger(server.settings(), limits)) as ledger:
        assert ledger.claim(TASK, "a").standing is Standing.GRANTED
        assert ledger.claim(TASK, "b").standing is Standing.LEASED
        time.sleep(0.35)
        assert ledger.due("r", TASK.node, 10, 60) == [TASK]
        assert ledger.claim(TASK, "b").attempt == 2


CALLS: dict[str, Callable[[Ledger], object]] = {
    "renew": lambda ledger: ledger.renew(TASK, "w"),
    "complete": lambda ledger: ledger.complete(TASK, "w"),
    "release": lambda ledger: ledger.release(TASK, "w"),
    "fail": lambda ledger: ledger.fail(TASK, "w", "no"),
}


@pytest.mark.parametrize("call", CALLS)
def test_an_emptied_ledger_knows_nobody_and_starts_anew(
    server: RedisServer, ledger: RedisLedger, call: str
) -> None:
    ledger.open(OTHER)
    ledger.claim(TASK, "w")
    ledger.wait(0)
    server.flush()
    assert CALLS[call](ledger) is False
    assert ledger.open_tasks("r", TASK.node) == []
    assert ledger.due("r", TASK.node, 10, 60) == []
    assert (ledger.backlog("embed"), ledger.holders()) == (0, frozenset())
    assert ledger.claim(TASK, "w").attempt == 1
    assert ledger.complete(TASK, "w")


def test_a_restarted_server_goes_on_where_it_was(server: RedisServer, ledger: RedisLedger) -> None:
    ledger.claim(TASK, "w")
    ledger.wait(0.1)
    time.sleep(1.2)  # the file is synced every second
    server.kill()
    threading.Timer(1.0, server.start).start()
    assert ledger.renew(TASK, "w"), "the script is loaded anew, and the call waited"
    assert ledger.complete(TASK, "w")
    started = time.monotonic()
    ledger.wait(30)
    assert time.monotonic() - started < 9, "what it missed counts as a change"
    timer = threading.Timer(0.2, ledger.open, [OTHER])
    timer.start()
    ledger.wait(30)
    timer.join()
    assert time.monotonic() - started < 9, "it listens again"


def test_who_waits_is_woken_after_the_server_was_restarted(
    server: RedisServer, ledger: RedisLedger
) -> None:
    ledger.wait(0.1)
    waiting = threading.Thread(target=ledger.wait, args=[60])
    waiting.start()
    time.sleep(0.2)
    server.kill()
    server.start()
    end = time.monotonic() + 20
    while waiting.is_alive() and time.monotonic() < end:
        ledger.open(OTHER)
        ledger.claim(OTHER, "w")
        ledger.release(OTHER, "w")
        waiting.join(0.2)
    assert not waiting.is_alive()


def test_a_server_that_stays_away_is_an_error_that_may_be_tried_again(server: RedisServer) -> None:
    with closing(RedisLedger(server.settings(), LIMITS, tries=2)) as ledger:
        ledger.wait(0.1)
        server.kill()
        for call in (
            lambda: ledger.open(TASK),
            lambda: ledger.backlog("embed"),
            lambda: ledger.wait(9),
        ):
            message = told(RetryError, call)
            assert f"127.0.0.1:{server.port} does not answer" in message
        server.start()
        ledger.open(TASK)
        ledger.wait(0.1)


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("redis://:wrong-secret@{host}/0", "refuses this user or password"),
        ("redis://nobody:wrong-secret@{host}/0", "refuses this user or password"),
        ("redis://{host}/0", "refuses this user or password"),
        ("http://:wrong-secret@{host}/0", "cannot be read"),
        ("redis://:wrong-secret@{host}:port/0", "cannot be read"),
    ],
)
def test_a_wrong_address_or_password_is_a_wrong_setting_and_is_not_shown(
    redis_server: RedisServer, url: str, text: str
) -> None:
    address = SecretStr(url.format(host=f"127.0.0.1:{redis_server.port}"))
    started = time.monotonic()

    def call() -> None:
        with closing(RedisLedger(RedisSettings(url=address), LIMITS)) as ledger:
            ledger.open(TASK)

    assert text in told(ConfigError, call)
    assert time.monotonic() - started < 2, "a refusal is not asked again"


def test_a_full_server_lets_work_end_and_takes_none(
    server: RedisServer, ledger: RedisLedger
) -> None:
    ledger.claim(TASK, "w")
    with server.client() as client:
        client.config_set("maxmemory", "1")
        assert "no memory left" in told(RetryError, lambda: ledger.open(OTHER))
        assert "no memory left" in told(RetryError, lambda: ledger.claim(OTHER, "w"))
        assert ledger.complete(TASK, "w")
        assert (ledger.backlog("embed"), ledger.open_tasks("r", "embed")) == (0, [])


def test_a_read_only_server_says_so(server: RedisServer, ledger: RedisLedger) -> None:
    with server.client() as client:
        client.replicaof("127.0.0.1", "1")
        assert "read-only replica" in told(RetryError, lambda: ledger.open(TASK))


def test_a_user_without_rights_says_so(server: RedisServer) -> None:
    with server.client() as client:
        client.acl_setuser(
            "reader", enabled=True, passwords=["+pw"], keys=["*"], categories=["+@read"]
        )
    url = SecretStr(f"redis://reader:pw@127.0.0.1:{server.port}/0")
    with closing(RedisLedger(RedisSettings(url=url), LIMITS)) as ledger:
        assert "rights" in told(ConfigError, lambda: ledger.open(TASK))


def told(kind: type[PairmillError], call: Callable[[], object]) -> str:
    """Return the message of the error that `call` raises; no trace of it shows a password."""
    with pytest.raises(kind) as caught:
        call()
    trace = "".join(traceback.format_exception(caught.value))
    assert "wrong-secret" not in trace
    assert RedisServer.password not in trace
    return str(caught.value)


def test_redis_emptied_again_and_again_under_many_workers_loses_no_consistency(
    server: RedisServer,
) -> None:
    """Whatever is lost, an open task is in the open set, and what ended is not."""
    stop = threading.Event()
    tasks = [Task(run="r", node="embed", shard=f"{i:02d}") for i in range(20)]

    def work(owner: str) -> None:
        with closing(RedisLedger(server.settings(), LIMITS)) as ledger:
            while not stop.is_set():
                for task in tasks:
                    if ledger.claim(task, owner).standing is Standing.GRANTED:
                        ledger.complete(task, owner)

    threads = [threading.Thread(target=work, args=[f"w{i}"]) for i in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        server.flush()
        time.sleep(0.05)
    stop.set()
    for thread in threads:
        thread.join()
    with closing(RedisLedger(server.settings(), LIMITS)) as ledger, server.client() as client:
        names = {f"r/embed/{task.shard}" for task in ledger.open_tasks("r", "embed")}
        assert names == {n.decode() for n in client.zrange("pairmill:active:embed:open", 0, -1)}
        states: dict[bytes, bytes] = client.hgetall("pairmill:ledger:tasks:r/embed")
        assert names == {f"r/embed/{s.decode()}" for s, line in states.items() if b" open " in line}
