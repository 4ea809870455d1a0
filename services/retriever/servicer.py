"""The methods of `pairmill.v1.RetrievalService`: from wire, call, to wire. Knows no model."""

from collections.abc import AsyncIterator
from typing import Any

from prometheus_client import CollectorRegistry, Gauge

from pairmill.pb import retrieval_pb2, retrieval_pb2_grpc
from pairmill.server import CallContext, Face
from pairmill.settings import Settings
from pairmill.wiring import Stores
from services.retriever.asking import check_served, refused, search
from services.retriever.keeper import Keeper
from services.retriever.limits import MAX_DELETE
from services.retriever.upserting import check_id, upsert
from services.retriever.wire import server_info


class RetrievalServicer:
    """Answers from whatever the keeper holds when a call comes."""

    def __init__(self, keeper: Keeper, settings: Settings) -> None:
        self.keeper, self._settings = keeper, settings

    async def Search(self, request: Any, context: CallContext) -> Any:
        """Find the items nearest to a query."""
        return await search(self.keeper, request)

    async def UpsertItems(
        self, requests: AsyncIterator[Any], context: CallContext
    ) -> AsyncIterator[Any]:
        """Add or replace items."""
        async for answer in upsert(self.keeper, requests):
            yield answer

    async def DeleteItems(self, request: Any, context: CallContext) -> Any:
        """Take items out."""
        generation, names = self.keeper.serving(), list(dict.fromkeys(request.item_ids))
        check_served(generation, request.gallery)
        if len(names) > MAX_DELETE:
            raise refused("TOO_MANY_ITEMS", f"got {len(names)} ids, wanted at most {MAX_DELETE}")
        for name in names:
            check_id(name)
        deleted = [await self.keeper.delete(generation, name) for name in names]
        return retrieval_pb2.DeleteItemsResponse(num_deleted=sum(deleted))

    async def GetServerInfo(self, request: Any, context: CallContext) -> Any:
        """Say what is served, and all limits."""
        return server_info(self.keeper.serving(), self._settings.server)


def make_face(stores: Stores) -> Face:
    """Return the retriever's face; it loads and follows its model while it is served."""
    settings = stores.settings
    keeper = Keeper(stores, settings.retriever)
    registry = CollectorRegistry()
    items = Gauge("pairmill_gallery_items", "Items that can be found", registry=registry)
    items.set_function(lambda: len(keeper.current.gallery) if keeper.current else 0)
    return Face(
        descriptor=retrieval_pb2.DESCRIPTOR.services_by_name["RetrievalService"],
        servicer=RetrievalServicer(keeper, settings), registry=registry, ready=keeper.ready,
        add=retrieval_pb2_grpc.add_RetrievalServiceServicer_to_server, lifespan=keeper.keeping,
    )  # fmt: skip
