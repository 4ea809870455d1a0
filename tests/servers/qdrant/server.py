"""Serve Qdrant's gRPC over Qdrant Edge, its real segment engine, for tests where no Qdrant is.

Run as a program; it imports nothing of ours. It speaks the messages that qdrant-client ships and
does what the tests call: collections with one unnamed vector, points without payload, nearest
neighbours without filters; anything else is UNIMPLEMENTED. Answers and error codes are those of
a Qdrant server. What a collection holds outlives a kill.

A Qdrant server builds its graphs in the background. Edge builds them while it holds everything up,
so that none are built unless --index-kb says from how many kB of vectors on; a collection without
a graph is searched exactly, there as here.
"""

import argparse
import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hmac import compare_digest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc
import qdrant_edge as edge
from qdrant_client import grpc as wire

VERSION = "1.18.0"
"""Of the server whose answers these are modelled on."""
BAD_CHARACTERS = '<>:"/\\|?*\0\x1f'
NO_INDEX_KB = 2**40
PUBLIC = "/qdrant.Qdrant/HealthCheck"
PROBES = ("/readyz", "/healthz", "/livez")


@dataclass
class Collection:
    """One collection: an Edge shard in a folder of its own; one call at a time."""

    shard: Any
    params: Any
    index_kb: int
    lock: threading.Lock = field(default_factory=threading.Lock)

    def update(self, operation: Any) -> None:
        """Apply an operation, and build the graph where that is due."""
        with self.lock:
            self.shard.update(operation)
            info = self.shard.info()
            waiting = info.points_count - info.indexed_vectors_count
            if self.index_kb and waiting * self.params.size * 4 > self.index_kb * 1024:
                self.shard.optimize()


class Shelf:
    """All collections, each in `<folder>/<name>`."""

    def __init__(self, folder: Path, index_kb: int) -> None:
        self._folder, self._index_kb = folder, index_kb
        self._lock = threading.Lock()
        self._collections: dict[str, Collection] = {}
        folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(folder.iterdir()):
            if not (path / "edge_config.json").is_file():
                continue
            stored = json.loads((path / "edge_config.json").read_text())["vectors"][""]
            params = wire.VectorParams(
                size=stored["size"], distance=wire.Distance.Value(stored["distance"])
            )
            shard = edge.EdgeShard.load(str(path))
            self._collections[path.name] = Collection(shard, params, index_kb)

    def names(self) -> list[str]:
        """Return every collection's name."""
        with self._lock:
            return sorted(self._collections)

    def get(self, name: str, context: Any) -> Collection:
        """Return a collection, or end the call."""
        with self._lock:
            found = self._collections.get(name)
        if found is None:
            said = f"Not found: Collection `{name}` doesn't exist!"
            context.abort(grpc.StatusCode.NOT_FOUND, said)
            raise AssertionError
        return found

    def create(self, name: str, params: Any, context: Any) -> None:
        """Make an empty collection, or end the call."""
        if not 1 <= len(name.encode()) <= 255 or set(name) & set(BAD_CHARACTERS):
            _wrong(context, f"Validation error in body: [collection_name: {name!r}]")
        if not 1 <= params.size <= 65536:
            _wrong(context, "Validation error in body: [vectors: size must be from 1 to 65536]")
        with self._lock:
            if name in self._collections:
                said = f"Wrong input: Collection `{name}` already exists!"
                context.abort(grpc.StatusCode.ALREADY_EXISTS, said)
            distance = getattr(edge.Distance, wire.Distance.Name(params.distance))
            config = edge.EdgeConfig(
                vectors=edge.EdgeVectorParams(size=params.size, distance=distance),
                hnsw_config=edge.HnswIndexConfig(16, 100, min(self._index_kb or 10_000, 10_000)),
                optimizers=edge.EdgeOptimizersConfig(
                    indexing_threshold=self._index_kb or NO_INDEX_KB, default_segment_number=1
                ),
                max_search_threads=1,
            )
            shard = edge.EdgeShard.create(str(self._folder / name), config)
            self._collections[name] = Collection(shard, params, self._index_kb)

    def delete(self, name: str) -> bool:
        """Remove a collection; False where there is none."""
        with self._lock:
            found = self._collections.pop(name, None)
            if found is None:
                return False
            with found.lock:
                found.shard.close()
            shutil.rmtree(self._folder / name)
        return True

    def close(self) -> None:
        """Write everything down."""
        with self._lock:
            for collection in self._collections.values():
                with collection.lock:
                    collection.shard.close()


class Collections(wire.CollectionsServicer):  # type: ignore[misc]
    """Qdrant's calls on collections."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def Get(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Describe a collection."""
        found = self._shelf.get(request.collection_name, context)
        info = found.shard.info()
        result = wire.CollectionInfo(
            status=wire.CollectionStatus.Green, optimizer_status=wire.OptimizerStatus(ok=True),
            segments_count=info.segments_count, points_count=info.points_count,
            indexed_vectors_count=info.indexed_vectors_count,
        )  # fmt: skip
        result.config.params.vectors_config.params.CopyFrom(found.params)
        return wire.GetCollectionInfoResponse(result=result)

    def List(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Name all collections."""
        names = [wire.CollectionDescription(name=name) for name in self._shelf.names()]
        return wire.ListCollectionsResponse(collections=names)

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Make a collection."""
        self._shelf.create(request.collection_name, request.vectors_config.params, context)
        return wire.CollectionOperationResponse(result=True)

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Remove a collection."""
        return wire.CollectionOperationResponse(result=self._shelf.delete(request.collection_name))

    def CollectionExists(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Say whether there is one of that name."""
        exists = request.collection_name in self._shelf.names()
        return wire.CollectionExistsResponse(result=wire.CollectionExists(exists=exists))


class Points(wire.PointsServicer):  # type: ignore[misc]
    """Qdrant's calls on points."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def Upsert(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Write points."""
        collection = self._shelf.get(request.collection_name, context)
        if not request.points:
            _wrong(context, "Wrong input: Empty update request")
        points = []
        for point in request.points:
            vector = point.vectors.vector.dense.data[:] or point.vectors.vector.data[:]
            _check_size(collection, vector, context)
            points.append(edge.Point(_uuid(point.id, context), vector))
        collection.update(edge.UpdateOperation.upsert_points(points))
        return _completed()

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Remove points by id."""
        collection = self._shelf.get(request.collection_name, context)
        ids: list[Any] = [_uuid(point, context) for point in request.points.points.ids]
        collection.update(edge.UpdateOperation.delete_points(ids))
        return _completed()

    def Count(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Count points."""
        collection = self._shelf.get(request.collection_name, context)
        with collection.lock:
            count = collection.shard.count(edge.CountRequest(exact=request.exact))
        return wire.CountResponse(result=wire.CountResult(count=count))

    def Get(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Read points; missing ones are left out."""
        collection = self._shelf.get(request.collection_name, context)
        ids = [_uuid(point, context) for point in request.ids]
        with collection.lock:
            found = collection.shard.retrieve(
                ids, with_payload=False, with_vector=request.with_vectors.enable
            )
        return wire.GetResponse(result=[_retrieved(record) for record in found])

    def QueryBatch(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Find the nearest of many vectors."""
        collection = self._shelf.get(request.collection_name, context)
        queries = []
        for query in request.query_points:
            vector = query.query.nearest.dense.data[:]
            _check_size(collection, vector, context)
            params = edge.SearchParams(
                hnsw_ef=query.params.hnsw_ef or None, exact=query.params.exact
            )
            queries.append(edge.QueryRequest(
                limit=query.limit or 10, query=edge.Query.Nearest(vector), params=params,
            ))  # fmt: skip
        with collection.lock:
            answers = collection.shard.query_batch(edge.QueryBatchRequest(queries))
        results = [wire.BatchResult(result=[_scored(hit) for hit in hits]) for hits in answers]
        return wire.QueryBatchResponse(result=results)


class Health(wire.QdrantServicer):  # type: ignore[misc]
    """Qdrant's health check."""

    def HealthCheck(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Say who serves."""
        return wire.HealthCheckReply(title="qdrant - vector search engine", version=VERSION)


class KeyGuard(grpc.ServerInterceptor):  # type: ignore[misc]
    """Refuses calls without the API key, but for the health check."""

    def __init__(self, api_key: str) -> None:
        self._key = api_key.encode()

    def intercept_service(self, continuation: Callable[[Any], Any], details: Any) -> Any:
        """Let a call pass, or answer it with UNAUTHENTICATED."""
        given = dict(details.invocation_metadata).get("api-key")
        if details.method == PUBLIC or (given and compare_digest(given.encode(), self._key)):
            return continuation(details)
        said = "Invalid API key or JWT" if given else "Must provide an API key"
        return grpc.unary_unary_rpc_method_handler(
            lambda _, context: context.abort(grpc.StatusCode.UNAUTHENTICATED, said)
        )


class Probe(BaseHTTPRequestHandler):
    """Answers the probes of Qdrant's HTTP port."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(200 if self.path in PROBES else 404)
        self.end_headers()
        self.wfile.write(b"all shards are ready\n" if self.path in PROBES else b"")

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def _wrong(context: Any, said: str) -> None:
    context.abort(grpc.StatusCode.INVALID_ARGUMENT, said)


def _check_size(collection: Collection, vector: list[float], context: Any) -> None:
    wanted, got = collection.params.size, len(vector)
    if wanted != got:
        said = f"Vector dimension error: expected dim: {wanted}, got {got}"
        _wrong(context, f"Wrong input: {said}")


def _uuid(point: Any, context: Any) -> UUID:
    try:
        return UUID(point.uuid)
    except ValueError:
        _wrong(context, f"Unable to parse UUID: {point.uuid}")
        raise


def _completed() -> Any:
    result = wire.UpdateResult(operation_id=time.time_ns(), status=wire.UpdateStatus.Completed)
    return wire.PointsOperationResponse(result=result)


def _retrieved(record: Any) -> Any:
    point = wire.RetrievedPoint(id=wire.PointId(uuid=str(record.id)))
    if record.vector is not None:
        point.vectors.vector.dense.data.extend(record.vector)
    return point


def _scored(hit: Any) -> Any:
    return wire.ScoredPoint(id=wire.PointId(uuid=str(hit.id)), score=hit.score, version=hit.version)


def _arguments() -> argparse.Namespace:
    """Read the flags; where one is missing, the variable that a Qdrant server reads counts."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    service, storage = "QDRANT__SERVICE__", "QDRANT__STORAGE__STORAGE_PATH"
    found = os.environ.get
    parser.add_argument("--host", default=found(service + "HOST", "127.0.0.1"))
    port = int(found(service + "GRPC_PORT", "6334"))
    parser.add_argument("--port", type=int, default=port, help="gRPC")
    port = int(found(service + "HTTP_PORT", "0"))
    parser.add_argument("--http-port", type=int, default=port, help="answer probes there")
    folder = Path(found(storage, "./storage"))
    parser.add_argument("--folder", type=Path, default=folder, help="keep everything there")
    key = found(service + "API_KEY", "")
    parser.add_argument("--api-key", default=key, help="refuse calls without it")
    parser.add_argument("--index-kb", type=int, default=0, help="build a graph beyond so many kB")
    parser.add_argument("--tls-key", type=Path, help="with --tls-certificate: speak TLS")
    parser.add_argument("--tls-certificate", type=Path)
    return parser.parse_args()


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    given = _arguments()
    shelf = Shelf(given.folder, given.index_kb)
    guards = [KeyGuard(given.api_key)] if given.api_key else []
    unlimited = [("grpc.max_receive_message_length", -1), ("grpc.so_reuseport", 0)]
    server = grpc.server(ThreadPoolExecutor(8), interceptors=guards, options=unlimited)
    wire.add_CollectionsServicer_to_server(Collections(shelf), server)
    wire.add_PointsServicer_to_server(Points(shelf), server)
    wire.add_QdrantServicer_to_server(Health(), server)
    address = f"{given.host}:{given.port}"
    if given.tls_key:
        pair = (given.tls_key.read_bytes(), given.tls_certificate.read_bytes())
        server.add_secure_port(address, grpc.ssl_server_credentials([pair]))
    else:
        server.add_insecure_port(address)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    server.start()
    if given.http_port:
        http = ThreadingHTTPServer((given.host, given.http_port), Probe)
        threading.Thread(target=http.serve_forever, daemon=True).start()
    ended.wait()
    server.stop(grace=5).wait()
    shelf.close()


if __name__ == "__main__":
    main()
