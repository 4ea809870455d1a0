"""Three hundred emoji from submission to a query answered, over a real Redis and MinIO."""

import json

import pytest

from pairmill.client import Client
from tests.servers.conftest import Emoji
from tests.servers.site import TestSite, committed_objects

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def run(site: TestSite, emoji: Emoji) -> str:
    """A run that finished."""
    name = site.submit("--corpus", "s3://pictures/corpus", "--config", emoji.config)
    assert site.wait_for(name, 300).state == "finished"
    return name


def test_the_run_gives_the_bytes_of_the_embedded_run(
    site: TestSite, emoji: Emoji, run: str
) -> None:
    assert committed_objects(site.objects) == emoji.committed


def test_the_same_request_again_is_the_same_run(site: TestSite, emoji: Emoji, run: str) -> None:
    done = site.pairmill("submit", "--corpus", "s3://pictures/corpus", "--config", emoji.config)
    assert done.returncode == 0
    assert run in done.stdout
    assert list(site.objects.list("submitted/")) == [f"submitted/{run}.json"]


def test_the_report_balances_and_the_commands_show_it(site: TestSite, run: str) -> None:
    report = json.loads(site.objects.get(f"runs/{run}/report.json"))
    for stage, totals in report["stages"].items():
        assert totals["inputs"] == totals["outputs"] + sum(totals["rejects"].values()), stage
    for command in (("runs",), ("watch", run), ("report", run)):
        done = site.pairmill(*command)
        assert done.returncode == 0, done.stdout + done.stderr
        assert run in done.stdout


def test_a_query_of_image_and_text_is_answered_over_grpc(
    site: TestSite, emoji: Emoji, run: str
) -> None:
    site.site.wait("retriever")
    image = min(path for path in emoji.corpus.iterdir() if path.suffix != ".json")
    with Client(f"127.0.0.1:{site.layout.retriever}") as client:
        hits = client.search(image=image, text="the same in another style", k=5)
        info = client.info()
    assert [hit.rank for hit in hits] == [1, 2, 3, 4, 5]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert info.num_items == 300


def test_an_autoscaler_finds_nothing_left_of_a_finished_run(site: TestSite, run: str) -> None:
    from pairmill.settings import RedisSettings, Settings
    from pairmill.wiring import Stores

    redis = RedisSettings.model_validate({"url": site.layout.redis_url()})
    ledger = Stores(Settings(ledger="redis", redis=redis)).ledger
    assert {stage: ledger.backlog(stage) for stage in ("ingest", "embed", "describe", "index")} == {
        "ingest": 0, "embed": 0, "describe": 0, "index": 0}  # fmt: skip


def test_workers_say_in_prometheus_text_what_they_did(site: TestSite, run: str) -> None:
    import urllib.request

    with urllib.request.urlopen(f"http://127.0.0.1:{site.layout.probes + 2}/metrics") as answer:
        text = answer.read().decode()
    line = 'pairmill_tasks_total{outcome="settled",service="embedder",stage="embed"} '
    assert int(float(text.partition(line)[2].partition("\n")[0])) >= 5
