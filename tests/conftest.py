"""Fixtures that every test may use: real corpora, real servers, and what a skip means."""

import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.cluster.controlplane.plane import TOOLS, Cluster
from tests.servers.processes import MinioServer, RedisServer
from tests.servers.qdrant.process import AnyQdrant, NamedQdrant, QdrantServer
from tests.servers.tools import tool

ROOT = Path(__file__).resolve().parent.parent

# how long an example takes says more about what else the machine does than about the code
settings.register_profile("pairmill", deadline=None)
settings.load_profile("pairmill")


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder of real corpora; skips where it is absent."""
    folder = Path(os.environ.get("PAIRMILL_CORPORA", ROOT / "../shared/corpora")).resolve()
    if not (folder / "fluent-emoji").is_dir():
        pytest.skip(f"no corpora at {folder}; name their folder in PAIRMILL_CORPORA")
    return folder


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[RedisServer]:
    """A real Redis that all tests share: each uses a prefix of its own, and none kills it."""
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="session")
def minio_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[MinioServer]:
    """A real MinIO that all tests share: each uses a bucket of its own, and none kills it."""
    with MinioServer(tmp_path_factory.mktemp("minio")) as server:
        yield server


@pytest.fixture(scope="session")
def qdrant_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[AnyQdrant]:
    """A Qdrant that all tests share: the one at PAIRMILL_TEST_QDRANT (host:port), or our own."""
    address = os.environ.get("PAIRMILL_TEST_QDRANT")
    if address:
        key = os.environ.get("PAIRMILL_TEST_QDRANT_API_KEY", "")
        with NamedQdrant(address, key) as named:
            yield named
        return
    with QdrantServer(tmp_path_factory.mktemp("qdrant")) as server:
        yield server


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Generator[Cluster]:
    """A real Kubernetes that all tests share: each uses a namespace of its own."""
    if os.geteuid() != 0:
        pytest.skip("a cluster of processes needs root: it makes network namespaces")
    tools = {tool(name).parent for name in TOOLS}
    with Cluster(tmp_path_factory.mktemp("cluster"), tools.pop()) as cluster:
        yield cluster


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, Any, pytest.TestReport]:
    """Turn skips into failures where PAIRMILL_REQUIRE=all, but for GPUs and named servers."""
    report: pytest.TestReport = yield
    excused = "GPU" in str(report.longrepr) or "PAIRMILL_TEST_" in str(report.longrepr)
    if report.skipped and os.environ.get("PAIRMILL_REQUIRE") == "all" and not excused:
        report.outcome = "failed"
    return report
