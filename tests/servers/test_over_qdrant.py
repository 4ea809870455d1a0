"""Three hundred emoji end to end with Qdrant in place of the exact engine."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest
from qdrant_client import grpc as wire

from pairmill.adapters.vectors.qdrant import QdrantVectors
from pairmill.adapters.vectors.qdrant_calls import QdrantCalls
from pairmill.adapters.vectors.qdrant_messages import PREFIX
from pairmill.client import Client, Hit
from pairmill.settings import QdrantSettings
from tests.servers.conftest import Emoji
from tests.servers.processes import free_port
from tests.servers.qdrant.process import AnyQdrant
from tests.servers.site import TestSite, committed_objects, running_site

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]
SECONDS = 200.0
CORPUS = "qdrant-emoji"
"""A name of its own, since the server is shared with other tests."""
SPACES = {"visual_semantic", "visual_pattern", "caption"}


@pytest.fixture(scope="module")
def qdrant(qdrant_server: AnyQdrant) -> QdrantSettings:
    """The settings that lead to a Qdrant."""
    return qdrant_server.settings()


@pytest.fixture(scope="module")
def site(
    emoji: Emoji, qdrant: QdrantSettings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TestSite]:
    """A site that knows a Qdrant, with the emoji in a bucket."""
    more = {
        "PAIRMILL_QDRANT__HOST": qdrant.host,
        "PAIRMILL_QDRANT__PORT": str(qdrant.port),
        "PAIRMILL_QDRANT__API_KEY": qdrant.api_key.get_secret_value(),
    }
    with running_site(tmp_path_factory.mktemp("qdrant-site"), more) as found:
        done = found.pairmill("upload", emoji.corpus, f"s3://pictures/{CORPUS}")
        assert done.returncode == 0, done.stdout + done.stderr
        yield found


@pytest.fixture(scope="module")
def exact_run(site: TestSite, emoji: Emoji) -> str:
    """A run whose miner compares every vector in Qdrant."""
    run = _submit(site, emoji, 0)
    assert site.wait_for(run, SECONDS).state == "finished"
    return run


def test_an_exact_search_in_qdrant_leads_to_the_bytes_of_the_exact_engine(
    site: TestSite, emoji: Emoji, exact_run: str
) -> None:
    wanted = _mined(emoji.committed)
    assert {key.partition("/")[0] for key in wanted} == {"bands", "candidates", "pairs"}
    assert _mined(committed_objects(site.objects)) == wanted
    assert "recall" not in _report(site, exact_run)


def test_a_collection_of_another_size_stops_the_run_and_a_retry_finishes_it(
    site: TestSite, emoji: Emoji, exact_run: str, qdrant: QdrantSettings
) -> None:
    (one, *_) = names = _collections(qdrant)
    assert len(names) == len(SPACES)
    with _vectors(qdrant) as vectors:
        vectors.drop(one)
        vectors.create(one, 3)
        run = _submit(site, emoji, 128)
        end = site.wait_for(run, SECONDS)
        assert end.state == "stopped"
        assert "has size 3; drop it first" in end.why
        assert one in end.why
        vectors.drop(one)
    assert site.pairmill("retry", run).returncode == 0
    assert site.wait_for(run, SECONDS).state == "finished"
    recall = _report(site, run)["recall"]
    assert set(recall) == SPACES
    assert all(0.9 <= found <= 1 for found in recall.values())


def test_a_retriever_over_qdrant_answers_as_one_over_the_exact_engine(
    site: TestSite, emoji: Emoji, exact_run: str
) -> None:
    other = _second_retriever(site)
    site.site.wait("retriever")
    images = sorted(path for path in emoji.corpus.iterdir() if path.suffix != ".json")[::30]
    answers = [_ask(port, images) for port in (site.layout.retriever, other)]
    assert answers[0] == answers[1]
    assert all(len(hits) == 10 for hits in answers[0])


def _submit(site: TestSite, emoji: Emoji, hnsw_ef: int) -> str:
    config = emoji.config.with_name(f"qdrant-{hnsw_ef}.yaml")
    engine = f"{{engine: qdrant, hnsw_ef: {hnsw_ef}, "
    config.write_text(emoji.config.read_text().replace("mining: {", f"mining: {engine}"))
    return site.submit("--corpus", f"s3://pictures/{CORPUS}", "--config", config)


def _mined(committed: dict[str, str]) -> dict[str, str]:
    """Return the digests of what bands, mine and select wrote, without the run's name."""
    kinds = ("bands", "candidates", "pairs", "rejects/mine", "rejects/select")
    inside = {key.split("/", 2)[2]: d for key, d in committed.items() if key.startswith("runs/")}
    return {key: digest for key, digest in inside.items() if key.startswith(kinds)}


def _report(site: TestSite, run: str) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = json.loads(site.objects.get(f"runs/{run}/report.json"))
    return found


def _collections(qdrant: QdrantSettings) -> list[str]:
    """Return the corpus's collections, by the names that the port knows."""
    calls = QdrantCalls(qdrant)
    try:
        listed = calls.call(calls.collections.List, wire.ListCollectionsRequest()).collections
    finally:
        calls.close()
    names = sorted(unquote(one.name.removeprefix(PREFIX)) for one in listed)
    return [name for name in names if name.startswith(f"{CORPUS}-")]


@contextmanager
def _vectors(qdrant: QdrantSettings) -> Iterator[QdrantVectors]:
    vectors = QdrantVectors(qdrant)
    try:
        yield vectors
    finally:
        vectors.close()


def _second_retriever(site: TestSite) -> int:
    """Start a retriever over Qdrant beside the site's own; return its port."""
    port, http = free_port(), free_port()
    more = {
        "PAIRMILL_SERVER__PORT": str(port),
        "PAIRMILL_SERVER__HTTP_PORT": str(http),
        "PAIRMILL_RETRIEVER__ENGINE": "qdrant",
        "PAIRMILL_RETRIEVER__HNSW_EF": "0",
    }
    first = site.site.programs["retriever"]
    site.site.programs["second"] = replace(
        first, name="second", environment={**first.environment, **more},
        ready=f"http://127.0.0.1:{http}/ready",
    )  # fmt: skip
    site.start("second")
    return port


def _ask(port: int, images: list[Path]) -> list[list[tuple[str, int, float]]]:
    def told(hit: Hit) -> tuple[str, int, float]:
        return hit.item_id, hit.rank, round(hit.score, 5)

    with Client(f"127.0.0.1:{port}", seconds=60) as client:
        found = [client.search(image=image, text="the same in another style") for image in images]
    return [[told(hit) for hit in hits] for hits in found]
