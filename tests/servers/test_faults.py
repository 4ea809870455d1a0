"""Faults in the middle of runs, and requests that do not fit together: clear words, nothing lost.

The runs of one site build on one another: they share a corpus, and differ in what decides no byte
of what is compared.
"""

import threading
import time
from pathlib import Path

import pytest
import redis

from pairmill.client_runs import Receipt, RunRequest, Runs
from pairmill.pipeline.letters import buried
from pairmill.pipeline.standing import ended, read_progress
from pairmill.settings import RedisSettings
from tests.servers.alone import STOPPED
from tests.servers.conftest import Emoji
from tests.servers.intruder import intrude
from tests.servers.site import TestSite, committed_objects

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]
SECONDS = 200.0
OUTAGE_SECONDS = 8.0
"""Longer than any one call is tried again."""


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
    settings = RedisSettings.model_validate({"url": site.layout.redis_url()})
    stop = threading.Event()
    intruder = threading.Thread(target=intrude, args=(settings, stop))
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


def test_a_password_that_is_changed_ends_who_has_the_old_one_with_the_reason(
    site: TestSite, run: str
) -> None:
    secrets = (site.layout.password, "another-password")
    with redis.Redis.from_url(site.layout.redis_url()) as server:
        server.config_set("requirepass", secrets[1])
        server.execute_command("CLIENT", "KILL", "TYPE", "normal")  # all but this one
        done = site.pairmill("retry", run)
        assert done.returncode == STOPPED, done.stdout + done.stderr
        _says_why(done.stdout + done.stderr, secrets)
        for name in ("coordinator", "miner"):
            _wait_until_ended(site, name)
            _says_why(site.site.tail(name), secrets)
        server.config_set("requirepass", secrets[0])
    for name in ("coordinator", "miner"):
        site.start(name)
    done = site.pairmill("retry", run)
    assert "nothing to retry" in done.stdout


def _says_why(told: str, secrets: tuple[str, ...]) -> None:
    assert "refuses this user or password" in told
    assert "PAIRMILL_REDIS__URL" in told
    assert "Traceback" not in told
    assert [secret for secret in secrets if secret in told] == []


def _wait_until_ended(site: TestSite, name: str) -> None:
    limit = time.monotonic() + 60
    while site.site.pid(name):
        assert time.monotonic() < limit, site.site.tail(name)
        time.sleep(0.1)


def _wait_until_begun(site: TestSite, run: str, node: str) -> None:
    limit = time.monotonic() + SECONDS
    while not any(n.node == node and n.running for n in read_progress(site.objects, run).nodes):
        assert time.monotonic() < limit, read_progress(site.objects, run)
        assert ended(site.objects, run) is None, ended(site.objects, run)
        time.sleep(0.05)


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
