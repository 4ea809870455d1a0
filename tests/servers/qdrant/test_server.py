"""The tests' own Qdrant answers as Qdrant does: codes, probes, and what outlives a kill."""

import urllib.error
import urllib.request
from collections.abc import Generator
from pathlib import Path
from typing import Any

import grpc
import pytest
from qdrant_client import QdrantClient, models
from qdrant_client import grpc as wire

from tests.servers.processes import HOST
from tests.servers.qdrant.process import NamedQdrant, QdrantServer

pytestmark = pytest.mark.servers
KEY = (("api-key", QdrantServer.api_key),)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[QdrantServer]:
    with QdrantServer(tmp_path_factory.mktemp("qdrant")) as server:
        yield server


@pytest.fixture
def channel(server: QdrantServer) -> Generator[Any]:
    with grpc.insecure_channel(f"{HOST}:{server.port}") as channel:
        yield channel


def create(channel: Any, name: str, size: int = 3) -> None:
    request = wire.CreateCollection(collection_name=name)
    request.vectors_config.params.size = size
    request.vectors_config.params.distance = wire.Distance.Dot
    wire.CollectionsStub(channel).Create(request, metadata=KEY)


def code_of(call: Any, request: Any, metadata: Any = KEY) -> str:
    with pytest.raises(grpc.RpcError) as caught:
        call(request, metadata=metadata)
    return str(caught.value.code().name)


def test_a_missing_collection_is_not_found(channel: Any) -> None:
    points, collections = wire.PointsStub(channel), wire.CollectionsStub(channel)
    for call, request in (
        (collections.Get, wire.GetCollectionInfoRequest(collection_name="none")),
        (points.Count, wire.CountPoints(collection_name="none")),
        (points.Get, wire.GetPoints(collection_name="none")),
        (points.QueryBatch, wire.QueryBatchPoints(collection_name="none")),
    ):
        assert code_of(call, request) == "NOT_FOUND"
    asked = wire.CollectionExistsRequest(collection_name="none")
    assert not collections.CollectionExists(asked, metadata=KEY).result.exists
    gone = collections.Delete(wire.DeleteCollection(collection_name="none"), metadata=KEY)
    assert not gone.result


def test_what_is_wrong_is_an_invalid_argument(channel: Any) -> None:
    create(channel, "sized")
    request = wire.UpsertPoints(collection_name="sized")
    point = request.points.add(id=wire.PointId(uuid="0" * 32))
    point.vectors.vector.dense.data.extend([1.0, 0.0])
    points = wire.PointsStub(channel)
    assert code_of(points.Upsert, request) == "INVALID_ARGUMENT"
    point.vectors.vector.dense.data.append(0.0)
    point.id.uuid = "no uuid"
    assert code_of(points.Upsert, request) == "INVALID_ARGUMENT"
    for name, size in (("a/b", 3), ("", 3), ("c", 0), ("c", 70_000)):
        with pytest.raises(grpc.RpcError) as caught:
            create(channel, name, size)
        assert caught.value.code().name == "INVALID_ARGUMENT"
    with pytest.raises(grpc.RpcError) as caught:
        create(channel, "sized")
    assert caught.value.code().name == "ALREADY_EXISTS"


@pytest.mark.parametrize("metadata", [(), (("api-key", "wrong"),)])
def test_without_the_key_only_the_health_check_answers(channel: Any, metadata: Any) -> None:
    call = wire.CollectionsStub(channel).List
    assert code_of(call, wire.ListCollectionsRequest(), metadata) == "UNAUTHENTICATED"
    health = wire.QdrantStub(channel).HealthCheck(wire.HealthCheckRequest(), metadata=metadata)
    assert "qdrant" in health.title


def test_a_named_server_is_left_as_it_was(server: QdrantServer, channel: Any) -> None:
    collections = wire.CollectionsStub(channel)

    def names() -> set[str]:
        listed = collections.List(wire.ListCollectionsRequest(), metadata=KEY)
        return {c.name for c in listed.collections}

    create(channel, "pairmill-before")
    with NamedQdrant(f"{HOST}:{server.port}", server.api_key) as named:
        assert named.settings() == server.settings().model_copy(update={"timeout_seconds": 60.0})
        create(channel, "pairmill-new")
        create(channel, "somebody-else")
    assert {"pairmill-before", "somebody-else"} <= names()
    assert "pairmill-new" not in names()


@pytest.mark.filterwarnings("ignore:Api key is used with an insecure connection")
def test_the_official_client_talks_to_it(server: QdrantServer) -> None:
    client = QdrantClient(host=HOST, grpc_port=server.port, prefer_grpc=True, https=False,
                          api_key=server.api_key, check_compatibility=False)  # fmt: skip
    size = models.VectorParams(size=2, distance=models.Distance.COSINE)
    client.create_collection("official", vectors_config=size)
    ids = [f"00000000-0000-0000-0000-00000000000{i}" for i in range(3)]
    vectors = [[3.0, 4.0], [1.0, 0.0], [0.0, -1.0]]
    points = [models.PointStruct(id=i, vector=v) for i, v in zip(ids, vectors, strict=True)]
    client.upsert("official", points)
    asked = [models.QueryRequest(query=[1.0, 0.0], limit=2)]
    near = client.query_batch_points("official", asked)[0].points
    assert [hit.id for hit in near] == [ids[1], ids[0]]
    assert [hit.score for hit in near] == pytest.approx([1.0, 0.6])
    (found,) = client.retrieve("official", [ids[0]], with_vectors=True)
    assert found.vector == pytest.approx([0.6, 0.8])  # cosine scales what it stores
    assert client.count("official").count == 3
    assert "official" in {c.name for c in client.get_collections().collections}
    assert client.delete_collection("official")
    client.close()


def test_what_was_written_outlives_a_kill_and_probes_answer(tmp_path: Path) -> None:
    server = QdrantServer(tmp_path)
    with server, grpc.insecure_channel(f"{HOST}:{server.port}") as channel:
        create(channel, "kept")
        request = wire.UpsertPoints(collection_name="kept", wait=True)
        request.points.add(id=wire.PointId(uuid="0" * 32)).vectors.vector.dense.data.extend(
            [1.0] * 3
        )
        wire.PointsStub(channel).Upsert(request, metadata=KEY)
        server.kill()
        server.start()
        counted = wire.CountPoints(collection_name="kept", exact=True)
        count = wire.PointsStub(channel).Count
        assert count(counted, metadata=KEY, wait_for_ready=True, timeout=20).result.count == 1
        for path in ("readyz", "healthz", "livez"):
            with urllib.request.urlopen(f"{server.http}/{path}", timeout=5) as answer:
                assert answer.status == 200
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(f"{server.http}/collections", timeout=5)
        caught.value.close()
