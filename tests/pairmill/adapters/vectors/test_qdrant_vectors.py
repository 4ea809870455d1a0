"""What only the Qdrant adapter must do: a server that is away, refuses, or searches roughly."""

import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import grpc
import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import SecretStr
from qdrant_client import grpc as wire

from pairmill.adapters.vectors import qdrant_calls
from pairmill.adapters.vectors.qdrant import QdrantVectors
from pairmill.adapters.vectors.qdrant_messages import MAX_NAME, MESSAGE_BYTES, named, parts
from pairmill.core.errors import ConfigError, RetryError
from pairmill.settings import QdrantSettings
from tests.servers.processes import HOST, free_port
from tests.servers.qdrant.process import AnyQdrant, QdrantServer

pytestmark = pytest.mark.servers


def identities(num: int) -> list[str]:
    return [f"{i:032x}" for i in range(num)]


def unit_vectors(num: int, dim: int) -> NDArray[np.float32]:
    vectors_ND = np.random.default_rng(0).standard_normal((num, dim)).astype(np.float32)
    return np.asarray(vectors_ND / np.linalg.norm(vectors_ND, axis=1, keepdims=True), np.float32)


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qdrant_calls, "PAUSES", (0.0,))


def test_vectors_come_back_to_the_bit_though_rounding_left_them_not_quite_of_norm_1(
    qdrant_vectors: QdrantVectors,
) -> None:
    vectors_ND = unit_vectors(50, 32).astype(np.float16).astype(np.float32)
    name = f"c{uuid4().hex}"
    qdrant_vectors.create(name, 32)
    qdrant_vectors.upsert(name, identities(50), vectors_ND)
    np.testing.assert_array_equal(qdrant_vectors.fetch(name, identities(50)), vectors_ND)
    qdrant_vectors.drop(name)


def test_more_than_one_message_holds_is_written_read_searched_and_deleted(
    qdrant_vectors: QdrantVectors,
) -> None:
    num, dim = 3000, 512
    assert num * dim * 4 > MESSAGE_BYTES
    vectors_ND, name = unit_vectors(num, dim), f"c{uuid4().hex}"
    qdrant_vectors.create(name, dim)
    qdrant_vectors.upsert(name, identities(num), vectors_ND)
    assert qdrant_vectors.count(name) == num
    np.testing.assert_array_equal(qdrant_vectors.fetch(name, identities(num)), vectors_ND)
    found = qdrant_vectors.search(name, vectors_ND[:300], 200)
    assert [ids[0] for ids in found.ids] == identities(300)
    qdrant_vectors.delete(name, identities(num))
    assert qdrant_vectors.count(name) == 0
    qdrant_vectors.drop(name)


def test_a_collection_that_many_create_at_once_is_there_once(qdrant_server: AnyQdrant) -> None:
    name = f"c{uuid4().hex}"
    stores = [QdrantVectors(qdrant_server.settings()) for _ in range(6)]
    with ThreadPoolExecutor(len(stores)) as pool:
        list(pool.map(lambda store: store.create(name, 4), stores))
    with pytest.raises(ValueError, match="wanted size 5, has size 4; drop it first"):
        stores[0].create(name, 5)
    stores[0].drop(name)
    for store in stores:
        store.close()


@pytest.mark.parametrize("name", ['a/b: "c" <d>|*?\\', "Füße", "x" * 300, ".."])
def test_a_collection_of_any_name_has_one_that_qdrant_takes(
    qdrant_vectors: QdrantVectors, name: str
) -> None:
    qdrant_vectors.create(name, 4)
    qdrant_vectors.upsert(name, identities(3), unit_vectors(3, 4))
    assert qdrant_vectors.count(name) == 3
    assert qdrant_vectors.count(name + "x") == 0
    assert len(named(name)) <= MAX_NAME
    qdrant_vectors.drop(name)


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize("key", ["", "a-wrong-key-that-nobody-may-see"])
def test_a_wrong_key_stops_the_run_and_is_not_told(tmp_path: Path, key: str) -> None:
    with QdrantServer(tmp_path) as server:
        settings = server.settings().model_copy(update={"api_key": SecretStr(key)})
        store = QdrantVectors(settings)
        with pytest.raises(ConfigError, match=r"refuses .* PAIRMILL_QDRANT__API_KEY") as e:
            store.count("c")
        assert "nobody-may-see" not in str(e.value)
        assert server.api_key not in str(e.value)
        store.close()


@pytest.mark.usefixtures("no_pauses")
def test_a_server_that_is_away_is_to_be_tried_again_later() -> None:
    port = free_port()
    store = QdrantVectors(QdrantSettings(port=port, timeout_seconds=2))
    calls: list[Callable[[], object]] = [
        lambda: store.create("c", 4),
        lambda: store.count("c"),
        lambda: store.search("c", unit_vectors(1, 4), 1),
        lambda: store.fetch("c", identities(1)),
        lambda: store.drop("c"),
    ]
    for call in calls:
        with pytest.raises(RetryError, match=f"{HOST}:{port}.*UNAVAILABLE.*PAIRMILL_QDRANT__HOST"):
            call()
    store.close()


@pytest.mark.usefixtures("no_pauses")
def test_a_server_that_does_not_answer_in_time_is_to_be_tried_again_later() -> None:
    stuck = grpc.server(ThreadPoolExecutor(1))
    port = stuck.add_insecure_port(f"{HOST}:0")  # never started: takes connections, says nothing
    store = QdrantVectors(QdrantSettings(port=port, timeout_seconds=0.2))
    with pytest.raises(RetryError, match=r"DEADLINE_EXCEEDED|UNAVAILABLE"):
        store.count("c")
    store.close()
    stuck.stop(None)


def test_a_call_outlasts_a_restart_of_the_server(tmp_path: Path) -> None:
    with QdrantServer(tmp_path) as server:
        store = QdrantVectors(server.settings())
        store.create("c", 4)
        store.upsert("c", identities(9), unit_vectors(9, 4))
        server.kill()
        again = threading.Timer(0.3, server.start)
        again.start()
        assert store.count("c") == 9
        again.join()
        store.close()


def test_the_width_of_the_search_reaches_the_graph_and_0_searches_exactly(tmp_path: Path) -> None:
    vectors_ND, queries_QD = np.split(unit_vectors(3200, 48), [3000])
    best_Q = [f"{i:032x}" for i in np.argmax(queries_QD @ vectors_ND.T, axis=1).tolist()]
    recall = {}
    with QdrantServer(tmp_path, flags=["--index-kb", "50"]) as server:
        for ef in (0, 1, 400):
            store = QdrantVectors(server.settings(), hnsw_ef=ef)
            assert store.approximate == (ef > 0)
            store.create("c", 48)
            if not store.count("c"):
                store.upsert("c", identities(3000), vectors_ND)
            found = [ids[0] for ids in store.search("c", queries_QD, 1).ids]
            recall[ef] = sum(i == best for i, best in zip(found, best_Q, strict=True)) / 200
            exact = store.search("c", queries_QD, 1, exact=True).ids
            assert [ids[0] for ids in exact] == best_Q
            store.close()
    assert recall[1] < 0.9 < recall[400]
    assert recall[0] == 1


def test_an_encrypted_server_is_spoken_to_and_a_plain_one_is_not_taken_for_it(
    tmp_path: Path,
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out",
            str(certificate), "-days", "2", "-subj", "/CN=localhost", "-addext",
            "subjectAltName=DNS:localhost"]  # fmt: skip
    subprocess.run(made, check=True, capture_output=True)
    program = tmp_path / "client.py"
    program.write_text(
        "from pairmill.adapters.vectors import qdrant_calls\n"
        "from pairmill.adapters.vectors.qdrant import QdrantVectors\n"
        "from pairmill.settings import Settings\n"
        "qdrant_calls.PAUSES = ()\n"
        "store = QdrantVectors(Settings().qdrant)\n"
        "store.create('c', 4)\n"
        "print(store.count('c'))\n"
        "store.close()\n"
    )
    flags = ["--tls-key", str(key), "--tls-certificate", str(certificate)]

    def ask(server: QdrantServer) -> subprocess.CompletedProcess[str]:
        environment = {
            "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(certificate), "PAIRMILL_QDRANT__TLS": "true",
            "PAIRMILL_QDRANT__HOST": "localhost", "PAIRMILL_QDRANT__PORT": str(server.port),
            "PAIRMILL_QDRANT__API_KEY": server.api_key, "PAIRMILL_QDRANT__TIMEOUT_SECONDS": "10",
            "PYTHONPATH": ":".join(sys.path),
        }  # fmt: skip
        return subprocess.run([sys.executable, str(program)], env=environment, text=True,
                              capture_output=True, timeout=60, check=False)  # fmt: skip

    with QdrantServer(tmp_path / "safe", flags=flags) as server:
        assert ask(server).stdout == "0\n"
    with QdrantServer(tmp_path / "plain") as server:
        assert "RetryError" in ask(server).stderr


def test_parts_cover_every_row_once() -> None:
    for total in (0, 1, 9, 10, 11):
        assert [i for part in parts(total, 5) for i in range(total)[part]] == list(range(total))


def test_a_write_that_the_server_leaves_undone_is_an_error() -> None:
    class Tired(wire.PointsServicer, wire.CollectionsServicer):  # type: ignore[misc]
        def Get(self, request: object, context: object) -> object:  # noqa: N802
            answer = wire.GetCollectionInfoResponse()
            answer.result.config.params.vectors_config.params.size = 4
            return answer

        def Upsert(self, request: object, context: object) -> object:  # noqa: N802
            result = wire.UpdateResult(status=wire.UpdateStatus.WaitTimeout)
            return wire.PointsOperationResponse(result=result)

    server = grpc.server(ThreadPoolExecutor(1))
    wire.add_CollectionsServicer_to_server(Tired(), server)
    wire.add_PointsServicer_to_server(Tired(), server)
    port = server.add_insecure_port(f"{HOST}:0")
    server.start()
    store = QdrantVectors(QdrantSettings(port=port))
    with pytest.raises(RetryError, match="WaitTimeout, wanted Completed"):
        store.upsert("c", identities(1), unit_vectors(1, 4))
    store.close()
    server.stop(None).wait()
