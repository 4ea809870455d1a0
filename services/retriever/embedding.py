"""From image bytes and texts to features and embeddings. Knows towers and heads; no gallery.

F image features, T text features, D shared space
"""

from dataclasses import dataclass

import grpc
import numpy as np
from numpy.typing import NDArray

from pairmill.core.errors import RejectError
from pairmill.decode import decode
from pairmill.models.retriever import Retriever
from pairmill.models.threads import settle_threads
from pairmill.ports.encoder import Towers
from pairmill.server import CallError
from services.retriever.limits import IMAGE

Floats = NDArray[np.float32]
NORM_TOLERANCE = 1e-3


@dataclass(frozen=True, kw_only=True)
class Features:
    """What the towers make of an image, a text or both, (1, F) and (1, T)."""

    image_1F: Floats | None = None
    text_1T: Floats | None = None


@dataclass(frozen=True, kw_only=True)
class Embedder:
    """Two towers, locked or trained, and the retriever's heads on them."""

    towers: Towers
    retriever: Retriever
    threads: int

    def pixels(self, data: bytes) -> NDArray[np.uint8]:
        """Return image bytes as the tower wants them; CallError says what is wrong with them."""
        try:
            return self.towers.prepare(decode(data, IMAGE).image)
        except RejectError as error:
            raise CallError(
                grpc.StatusCode.INVALID_ARGUMENT, f"IMAGE_{error.rule.upper()}",
                f"got an image that is rejected as {error}; wanted one frame of at most "
                f"{IMAGE.max_pixels} pixels and {IMAGE.max_bytes} bytes",
                metadata={"max_pixels": str(IMAGE.max_pixels)},
            ) from None  # fmt: skip

    def features(self, pixels: NDArray[np.uint8] | None, text: str) -> Features:
        """Run the towers. Not for two threads at once."""
        image_1F = None if pixels is None else self.towers.image_features(pixels[np.newaxis])
        text_1T = self.towers.text_features([text]) if text else None
        settle_threads(self.threads)
        return Features(image_1F=image_1F, text_1T=text_1T)

    def embed(self, features: Features) -> Floats:
        """Return the embedding, (D,), finite and of unit norm; CallError where it is not."""
        vector_D: Floats = self.retriever.embed_queries(features.image_1F, features.text_1T)[0]
        norm = float(np.linalg.norm(vector_D))
        if not abs(norm - 1) <= NORM_TOLERANCE:  # a norm that is no number is wrong too
            raise CallError(
                grpc.StatusCode.INVALID_ARGUMENT, "NO_EMBEDDING",
                f"the model gives this input an embedding of norm {norm}, wanted 1: nothing can "
                "be compared with it; is the image or text empty?",
            )  # fmt: skip
        return vector_D

    def ask(self, pixels: NDArray[np.uint8] | None, text: str) -> Floats:
        """Return a query's embedding, (D,)."""
        return self.embed(self.features(pixels, text))
