"""Faults in the middle of runs, and requests that do not fit together: clear words, nothing lost.

The runs of one site build on one another: they share a corpus, and differ in what decides no byte
of what is compared.
"""

import json
import threading
import time
from pathlib import Path

import pytest
import redis

from pairmill.adapters.queue.celery import CeleryQueue
from pairmill.client_runs import Receipt, RunRequest, Runs
from pairmill.pipeline.letters import buried
from pairmill.pipeline.standing import ended, read_progress
from pairmill.ports.queue import Task
from pairmill.settings import RedisSettings
from tests.servers.alone import STOPPED
from tests.servers.conftest import Emoji
from tests.servers.site import TestSite, committed_objects

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]
SECONDS = 200.0
OUTAGE_SECONDS = 8.0
"""Longer than any one call is tried again."""
STAGES = ("ingest", "dedupe", "embed", "bands", "mine", "select", "describe", "instruct", "split",
          "index")  # fmt: skip


@pytest.fixture(scope="module")
def run(site: TestSite, emoji: Emoji) -> str:
    """The run of the reference, which the object store left alone for a while."""
    run = site.submit("--corpus", "s3://pictures/corpus", "--config", emoji.config)
    for node in ("embed", "train"):
        _wait_until_begun(site, run, node)
        site.site.kill("minio")
        time.sleep(OUTAGE_SECONDS)
        site.start("minio")
    assert site.wait_for(run, SECONDS).state == "finished"
    return run


def test_a_store_that_goes_away_twice_costs_neither_a_byte_nor_a_task(
    site: TestSite, emoji: Emoji, run: str
) -> None:
    assert committed_objects(site.objects) == emoji.committed
    assert list(buried(site.objects, run)) == []
    logs = {name: site.site.log(name).read_text() for name in site.site.programs}
    assert [name for name, text in logs.items() if site.layout.password in text] == []


def test_foreign_messages_in_every_queue_change_nothing(
    site: TestSite, emoji: Emoji, run: str
) -> None:
    config = emoji.config.with_name("foreign.yaml")
    text = emoji.config.read_text()
    config.write_text(text.replace("checkpoint_every: 5", "checkpoint_every: 9"))
    stop = threading.Event()
    intruder = threading.Thread(target=_intrude, args=(site, stop))
    intruder.start()
    try:
        other = site.submit("--corpus", "s3://pictures/corpus", "--config", config)
        _wait_until_begun(site, other, "train")  # no message asks for that
    finally:
        stop.set()
        intruder.join()
    assert site.wait_for(other, SECONDS).state == "finished"
    assert list(buried(site.objects, other)) == []
    assert _data_files(site, other) == _data_files(site, run)
    told = site.site.log("describer").read_text()
    assert "message thrown away" in told
    assert "message refused" in told
    assert "Traceback" not in told


def test_one_request_from_many_at_once_is_one_run(site: TestSite, emoji: Emoji, run: str) -> None:
    before = set(site.objects.list("submitted/"))
    asked = RunRequest(corpus="s3://pictures/corpus",
                       config_yaml=emoji.config.read_text() + "seed: 7\n")  # fmt: skip
    receipts = _submitted_at_once(site, asked, 6)
    (name,) = {receipt.run for receipt in receipts}
    assert set(site.objects.list("submitted/")) - before == {f"submitted/{name}.json"}
    assert sorted(receipt.existed for receipt in receipts) == [False] + [True] * 5
    assert site.pairmill("cancel", name).returncode == 0


def test_another_source_under_a_corpus_name_is_refused_and_the_first_left_alone(
    site: TestSite, emoji: Emoji, run: str, tmp_path: Path
) -> None:
    for path in sorted(emoji.corpus.iterdir())[:20]:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    assert site.pairmill("upload", tmp_path, "s3://others/corpus").returncode == 0
    before = {key: site.objects.get(key) for key in site.objects.list("corpora/")}
    done = site.pairmill("submit", "--corpus", "s3://others/corpus", "--config", emoji.config)
    assert done.returncode == STOPPED
    assert "got s3://others/corpus, and the name 'corpus' belongs to s3://pictures/corpus" in (
        done.stderr.replace("\n", " ")
    )
    assert {key: site.objects.get(key) for key in site.objects.list("corpora/")} == before


def test_a_command_over_a_ledger_that_refuses_says_so_and_tells_no_secret(
    site: TestSite, run: str
) -> None:
    server = redis.Redis.from_url(site.layout.redis_url())
    server.config_set("requirepass", "another")
    try:
        server.connection_pool.disconnect()
        done = site.pairmill("retry", run)
    finally:
        with redis.Redis(port=site.layout.redis, password="another") as other:
            other.config_set("requirepass", site.layout.password)
        server.close()
    assert done.returncode == STOPPED, done.stdout + done.stderr
    told = done.stderr + done.stdout
    assert "PAIRMILL_REDIS__URL" in told
    assert "Traceback" not in told
    assert site.layout.password not in told
    assert ended(site.objects, run) is not None


def _wait_until_begun(site: TestSite, run: str, node: str) -> None:
    limit = time.monotonic() + SECONDS
    while not any(n.node == node and n.running for n in read_progress(site.objects, run).nodes):
        assert time.monotonic() < limit, read_progress(site.objects, run)
        assert ended(site.objects, run) is None, ended(site.objects, run)
        time.sleep(0.05)


def _intrude(site: TestSite, stop: threading.Event) -> None:
    """Put what nobody can use into every queue, before and between the messages of a run."""
    settings = RedisSettings.model_validate({"url": site.layout.redis_url()})
    queue = CeleryQueue(settings)
    with redis.Redis.from_url(site.layout.redis_url()) as server:
        queue.publish(Task(run="nobodys", node="scratch", shard="000000"))
        ours = server.lpop(f"{settings.prefix}scratch")
        assert isinstance(ours, bytes)
        while not stop.wait(1):
            for stage in STAGES:
                for number, data in enumerate(_foreign(ours)):
                    push = server.rpush if number % 2 else server.lpush
                    push(settings.prefix + stage, data)
                queue.publish(Task(run="nobodys", node=stage, shard="000000"))
    queue.close()


def _foreign(ours: bytes) -> list[bytes]:
    """Return messages of others: bytes, another task, a path for a name, one that is too large."""
    message = json.loads(ours)
    other = {**message, "headers": {**message["headers"], "task": "shop.send_mail"}}
    return [
        b"\x00\xffgarbage",
        b"{}",
        json.dumps(other).encode(),
        ours.replace(b"nobodys", b"../nobodys"),
        json.dumps({**message, "body": message["body"] + "A" * 100_000}).encode(),
    ]


def _submitted_at_once(site: TestSite, asked: RunRequest, num: int) -> list[Receipt]:
    start, found = threading.Barrier(num), list[Receipt]()

    def submit() -> None:
        with Runs(f"127.0.0.1:{site.layout.gateway}", seconds=60) as runs:
            start.wait()
            found.append(runs.submit(asked))

    threads = [threading.Thread(target=submit) for _ in range(num)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == num
    return found


def _data_files(site: TestSite, run: str) -> dict[str, str]:
    """Return the digest of a run's data files under their names in the run.

    Without reports and the checkpoint's own description, which name the run.
    """
    home = f"runs/{run}/"
    return {
        key.removeprefix(home): digest
        for key, digest in committed_objects(site.objects).items()
        if key.startswith(home) and not {"commits", "reports"} & {*key.split("/")}
        if not (key.startswith(f"{home}checkpoint/") and key.endswith(".json"))
    }
