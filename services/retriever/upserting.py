"""Take a stream of items in, one after the other. Knows messages; knows no transport."""

from collections.abc import AsyncIterator
from typing import Any

from pairmill.core.ids import image_id
from pairmill.pb import retrieval_pb2
from pairmill.server import fault_of
from services.retriever.asking import check_served, check_text, refused
from services.retriever.item_file import Item
from services.retriever.keeper import Keeper
from services.retriever.limits import MAX_ITEM_ID_CHARS

METHOD = "UpsertItems"


async def upsert(keeper: Keeper, requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
    """Yield an UpsertItemsResponse for every item, once it is durable or refused.

    One item is in work at a time, so that a stream never fills the way of searches.
    """
    started = False
    async for request in requests:
        kind = request.WhichOneof("message")
        if kind == "start" and not started:
            check_served(keeper.serving(), request.start.gallery)
            started = True
        elif kind == "item" and started:
            yield await _answered(keeper, request.item)
        else:
            wanted = "an item" if started else "the start"
            raise refused("BAD_STREAM", f"got {kind or 'an empty message'}, wanted {wanted}")


async def _answered(keeper: Keeper, asked: Any) -> Any:
    """Return what became of one item: its fault is its own, and the stream goes on."""
    answer = retrieval_pb2.UpsertItemsResponse(sequence=asked.sequence, item_id=asked.item.item_id)
    try:
        await _take(keeper, asked.item)
    except Exception as error:
        fault = fault_of(error, METHOD)
        answer.error.code, answer.error.reason = fault.code.value[0], fault.reason
        answer.error.message = fault.message
    return answer


async def _take(keeper: Keeper, given: Any) -> None:
    check_id(given.item_id)
    text = check_text("text", given.text)
    caption = check_text("caption", given.caption)
    if not (given.image or text):
        raise refused("EMPTY_ITEM", f"item {given.item_id!r} has neither image nor text")
    generation = keeper.serving()
    embedder, pixels = generation.embedder, None
    if given.image:
        pixels = await keeper.crew.decode(embedder.pixels, given.image)
    features, _ = await keeper.crew.encode(embedder.features, pixels, text)
    item = Item(
        item_id=given.item_id, caption=caption, text=text, image=given.image, features=features,
        content=image_id(given.image) if given.image else "",
        encoder_id=embedder.towers.encoder_id,
    )  # fmt: skip
    await keeper.put(generation, item)


def check_id(item_id: str) -> None:
    """Refuse an id that is empty or too long; CallError."""
    if not 1 <= len(item_id) <= MAX_ITEM_ID_CHARS:
        raise refused("BAD_ITEM_ID", f"got an item id of {len(item_id)} characters, wanted 1 to "
                      f"{MAX_ITEM_ID_CHARS}")  # fmt: skip
