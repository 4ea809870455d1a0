"""Put hits, and what served them, on the wire. Knows messages; knows no store."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairmill import __version__
from pairmill.pb import records_pb2, retrieval_pb2
from pairmill.settings import ServerSettings
from services.retriever.gallery import Found
from services.retriever.generation import Generation
from services.retriever.limits import IMAGE, MAX_DELETE, MAX_ITEM_ID_CHARS, MAX_K, MAX_TEXT_CHARS


def new_hit(found: Found, rank: int) -> Any:
    """Return a Hit."""
    vector = None if found.vector_D is None else new_vector(found.vector_D)
    return records_pb2.Hit(item_id=found.item_id, key=found.key, caption=found.caption,
                           score=found.score, rank=rank, vector=vector)  # fmt: skip


def new_vector(vector_D: NDArray[np.float32]) -> Any:
    """Return a Vector of little-endian float32."""
    return records_pb2.Vector(
        encoding=records_pb2.VECTOR_ENCODING_F32_LE, dimensions=len(vector_D),
        data=np.asarray(vector_D, "<f4").tobytes(), normalized=True,
    )  # fmt: skip


def served_by(generation: Generation) -> Any:
    """Return what answers."""
    choice = generation.choice
    return records_pb2.ServedBy(model=choice.model, version=choice.version, run=choice.run,
                                gallery=generation.name)  # fmt: skip


def server_info(generation: Generation, settings: ServerSettings) -> Any:
    """Return what is served, and all limits."""
    limits = retrieval_pb2.ServerLimits(
        max_message_bytes=settings.max_message_bytes, max_in_flight=settings.max_in_flight,
        max_image_pixels=IMAGE.max_pixels, max_text_chars=MAX_TEXT_CHARS, max_k=MAX_K,
        max_delete=MAX_DELETE, max_item_id_chars=MAX_ITEM_ID_CHARS,
    )  # fmt: skip
    return retrieval_pb2.GetServerInfoResponse(
        served_by=served_by(generation), num_items=len(generation.gallery),
        dimensions=generation.embedder.retriever.dim, limits=limits, release=__version__,
        encoder_id=generation.embedder.towers.encoder_id,
    )  # fmt: skip
