"""Answer one search: check what is asked, decode, embed, search. Knows messages and generations."""

import time
from dataclasses import dataclass, replace
from typing import Any

import grpc

from pairmill.core.errors import PairmillError
from pairmill.core.ids import image_id
from pairmill.pb import records_pb2, retrieval_pb2
from pairmill.pipeline.images import read_image
from pairmill.server import CallError
from services.retriever.gallery import Query
from services.retriever.generation import Generation
from services.retriever.item_log import row_of
from services.retriever.keeper import Keeper
from services.retriever.limits import DEFAULT_K, MAX_K, MAX_TEXT_CHARS
from services.retriever.wire import new_hit, served_by


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A search that was checked. image: bytes, or empty where `item_id` or nothing is given."""

    image: bytes = b""
    item_id: str = ""
    text: str = ""
    k: int = DEFAULT_K
    exclude: bool = True
    full: bool = False


def read_search(request: Any) -> Asked:
    """Return what a SearchRequest asks for; CallError names what is wrong with it."""
    source = request.image.WhichOneof("source")
    text = check_text("text", request.text)
    if source == "uri":
        raise CallError(
            grpc.StatusCode.PERMISSION_DENIED, "REMOTE_URI_DISABLED",
            "got an image's uri, and addresses are not fetched: send the bytes",
        )  # fmt: skip
    asked = Asked(
        image=request.image.data, item_id=request.image.item_id, text=text,
        k=request.k if request.HasField("k") else DEFAULT_K,
        exclude=request.exclude_query if request.HasField("exclude_query") else True,
        full=request.view == retrieval_pb2.HIT_VIEW_FULL,
    )  # fmt: skip
    if not (asked.image or asked.item_id or asked.text):
        raise refused("EMPTY_QUERY", "got neither image nor text: send one of them, or both")
    if not 1 <= asked.k <= MAX_K:
        raise refused("BAD_K", f"got k {asked.k}, wanted 1 to {MAX_K}")
    return asked


async def search(keeper: Keeper, request: Any) -> Any:
    """Return the SearchResponse."""
    arrived = time.monotonic()
    asked, generation = read_search(request), keeper.serving()
    check_served(generation, request.gallery, request.version)
    asked, excluded = await _image_of(keeper, generation, asked)
    timings, embedder = records_pb2.Timings(), generation.embedder
    start, pixels = time.monotonic(), None
    if asked.image:
        pixels = await keeper.crew.decode(embedder.pixels, asked.image)
        timings.decode_ms = _since(start)
    start = time.monotonic()
    vector_D, waited = await keeper.crew.encode(embedder.ask, pixels, asked.text)
    timings.queue_ms, timings.encode_ms = waited * 1000, _since(start) - waited * 1000
    start = time.monotonic()
    query = Query(vector_D=vector_D, k=asked.k, excluded=excluded, full=asked.full)
    found = await keeper.crew.gallery(generation.gallery.search, query)
    timings.search_ms, timings.total_ms = _since(start), _since(arrived)
    hits = [new_hit(hit, rank) for rank, hit in enumerate(found, start=1)]
    return retrieval_pb2.SearchResponse(hits=hits, served_by=served_by(generation),
                                        timings=timings)  # fmt: skip


def check_served(generation: Generation, gallery: str, version: str = "") -> None:
    """Refuse a call that means another gallery or version than what is served."""
    if gallery and gallery != generation.name:
        raise CallError(
            grpc.StatusCode.NOT_FOUND, "NO_SUCH_GALLERY",
            f"got gallery {gallery[:128]!r}, and this replica serves {generation.name!r}",
        )  # fmt: skip
    if version and version != generation.choice.version:
        raise CallError(
            grpc.StatusCode.FAILED_PRECONDITION, "OTHER_VERSION",
            f"got version {version[:64]!r}, and version {generation.choice.version!r} is served: "
            "its scores cannot be compared; leave the version out, or ask GetServerInfo",
        )  # fmt: skip


def check_text(name: str, text: str) -> str:
    """Return a text without blanks around it; CallError where it is too long."""
    if len(text) > MAX_TEXT_CHARS:
        raise refused("TEXT_TOO_LONG", f"{name}: got {len(text)} characters, wanted at most "
                      f"{MAX_TEXT_CHARS}")  # fmt: skip
    return text.strip()


def refused(reason: str, message: str) -> CallError:
    """Return the error of an argument that is wrong."""
    return CallError(grpc.StatusCode.INVALID_ARGUMENT, reason, message)


async def _image_of(
    keeper: Keeper, generation: Generation, asked: Asked
) -> tuple[Asked, frozenset[str]]:
    """Return the query with its image's bytes, and the contents that are no answer to it."""
    content = image_id(asked.image) if asked.image else ""
    if asked.item_id:
        gallery, name = generation.gallery, asked.item_id
        if not await keeper.crew.gallery(gallery.holds, name):
            raise CallError(grpc.StatusCode.NOT_FOUND, "NO_SUCH_ITEM",
                            f"the gallery holds no item {name[:128]!r}")  # fmt: skip
        content = gallery.content(name)
        if not content:
            raise refused("ITEM_WITHOUT_IMAGE", f"item {name!r} has no image: ask by its text")
        asked = replace(asked, image=await keeper.crew.store(_bytes_of, generation, name))
    return asked, frozenset({content} if content and asked.exclude else ())


def _bytes_of(generation: Generation, item_id: str) -> bytes:
    """Return the image of an item; CallError where it cannot be had any more."""
    gallery = generation.gallery
    try:
        record = gallery.images.get(item_id)
        if record is not None:
            return read_image(record, generation.log.objects, generation.source)
        return generation.log.read(gallery.keys[row_of(item_id)], whole=True).image
    except (PairmillError, KeyError) as error:
        raise CallError(
            grpc.StatusCode.FAILED_PRECONDITION, "IMAGE_GONE",
            f"item {item_id!r}: its image cannot be read any more ({error}): send the bytes",
        ) from None  # fmt: skip


def _since(start: float) -> float:
    return (time.monotonic() - start) * 1000
