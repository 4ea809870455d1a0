"""Search and fill a gallery from any Python program: `from pairmill.client import Client`.

Knows the retriever's messages; knows no model and no store. `Runs` is the gateway's client.
"""

import random
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import grpc
from google.rpc.error_details_pb2 import RetryInfo
from grpc_status import rpc_status

from pairmill.calling import AwayError, Caller, RefusedError, Server, in_words
from pairmill.client_runs import Runs
from pairmill.pb import records_pb2, retrieval_pb2
from pairmill.pb.retrieval_pb2_grpc import RetrievalServiceStub

__all__ = ["AwayError", "Client", "Hit", "Item", "Refused", "RefusedError", "Runs", "ServerInfo"]

Image = bytes | str | PathLike[str]
"""The bytes of an image file, or its path."""
ATTEMPTS = 4
PAUSE_SECONDS = 0.2
"""Before a second attempt where the server does not say how long to wait; doubled each time."""


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One answer: score is cosine, larger is nearer; rank counts from 1.

    key: the name under which the corpus's source knows an indexed image.
    """

    item_id: str
    score: float
    rank: int
    key: str = ""
    caption: str = ""


@dataclass(frozen=True, kw_only=True)
class Item:
    """What is upserted, under an id of the caller's own: an image, a text, or both.

    text is compared with queries; caption is only returned with hits.
    """

    item_id: str
    image: Image | None = None
    text: str = ""
    caption: str = ""


@dataclass(frozen=True, kw_only=True)
class Refused:
    """An item that was not taken, and why."""

    item_id: str
    reason: str
    message: str


@dataclass(frozen=True, kw_only=True)
class ServerInfo:
    """What a server serves."""

    model: str
    version: str
    gallery: str
    run: str
    num_items: int
    dimensions: int
    max_k: int
    max_message_bytes: int


class Client(Caller):
    """A retriever.

        with Client("127.0.0.1:50051") as client:
            for hit in client.search(image="red-shoe.jpg", text="the same in blue"): ...

    Raises RefusedError where a call was refused, and AwayError where trying again may help; what
    the server asks to be tried again is tried again, as long as there is time.

    Args:
        address: `host:port`, or `https://host:port` for TLS.
        seconds: how long a call may take, further attempts included.
    """

    def __init__(self, address: str, api_key: str = "", *, seconds: float = 10.0) -> None:
        super().__init__(Server(address=address, api_key=api_key, seconds=seconds))
        self._stub = RetrievalServiceStub(self._channel)  # type: ignore[no-untyped-call,unused-ignore]

    def search(
        self, image: Image | None = None, text: str = "", k: int = 10, *,
        item_id: str = "", exclude_query: bool = True,
    ) -> list[Hit]:  # fmt: skip
        """Return the k items nearest to an image, a text, or an image changed as a text says.

        item_id: an item of the gallery as the query image. exclude_query: leave that image out.
        """
        query = _image(image)
        if item_id:
            query = records_pb2.Image(item_id=item_id)
        request = retrieval_pb2.SearchRequest(image=query, text=text, k=k,
                                              exclude_query=exclude_query)  # fmt: skip
        return [
            Hit(item_id=hit.item_id, score=hit.score, rank=hit.rank, key=hit.key,
                caption=hit.caption)
            for hit in self.call(self._stub.Search, request).hits
        ]  # fmt: skip

    def upsert(self, items: Iterable[Item]) -> list[Refused]:
        """Add or replace items; return those that were not taken. All others are durable.

        Items are sent as they are taken, so that there may be any number of them.
        """
        return [
            Refused(item_id=answer.item_id, reason=answer.error.reason,
                    message=answer.error.message)
            for answer in self.stream(self._stub.UpsertItems, _messages(items))
            if answer.HasField("error")
        ]  # fmt: skip

    def delete(self, item_ids: Sequence[str]) -> int:
        """Delete items; return how many there were. An unknown one is no error."""
        request = retrieval_pb2.DeleteItemsRequest(item_ids=item_ids)
        return int(self.call(self._stub.DeleteItems, request).num_deleted)

    def info(self) -> ServerInfo:
        """Return what is served."""
        told = self.call(self._stub.GetServerInfo, retrieval_pb2.GetServerInfoRequest())
        by, limits = told.served_by, told.limits
        return ServerInfo(
            model=by.model, version=by.version, gallery=by.gallery, run=by.run,
            num_items=told.num_items, dimensions=told.dimensions, max_k=limits.max_k,
            max_message_bytes=limits.max_message_bytes,
        )  # fmt: skip

    def call(self, method: Any, request: Any, seconds: float = 0.0) -> Any:
        """Return the answer of a unary method, after more attempts where they are asked for."""
        end = time.monotonic() + (seconds or self.server.seconds)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return method(request, timeout=max(0.001, end - time.monotonic()),
                              metadata=self.server.metadata)  # fmt: skip
            except grpc.RpcError as error:
                wait = _wait(error, attempt)
                if wait is None or attempt == ATTEMPTS or time.monotonic() + wait >= end:
                    raise in_words(error, self.server) from None
                time.sleep(wait)
        raise AssertionError("the last attempt returns or raises")


def _image(image: Image | None) -> Any:
    if image is None:
        return None
    return records_pb2.Image(data=_bytes(image))


def _bytes(image: Image) -> bytes:
    return image if isinstance(image, bytes) else Path(image).read_bytes()


def _messages(items: Iterable[Item]) -> Iterator[Any]:
    yield retrieval_pb2.UpsertItemsRequest(start=retrieval_pb2.UpsertStart())
    for number, item in enumerate(items, start=1):
        data = b"" if item.image is None else _bytes(item.image)
        given = retrieval_pb2.Item(item_id=item.item_id, image=data, text=item.text,
                                   caption=item.caption)  # fmt: skip
        sent = retrieval_pb2.UpsertItem(sequence=number, item=given)
        yield retrieval_pb2.UpsertItemsRequest(item=sent)


def _wait(error: grpc.RpcError, attempt: int) -> float | None:
    """Return how long to wait before the next attempt; None where there should be none.

    A full server says when to come again; without that word another attempt only adds to its load.
    """
    code = error.code()  # type: ignore[attr-defined,unused-ignore]
    spread = random.uniform(1.0, 1.5)  # so that refused callers do not come back all at once
    status = rpc_status.from_call(error)
    for packed in status.details if status else ():
        info = RetryInfo()
        if packed.Is(RetryInfo.DESCRIPTOR) and packed.Unpack(info):
            return float(info.retry_delay.ToMilliseconds()) / 1000 * spread
    if code == grpc.StatusCode.UNAVAILABLE:
        return PAUSE_SECONDS * 2.0 ** (attempt - 1) * spread
    return None
