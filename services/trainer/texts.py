"""Encode every text of a training once, and find it again after a stop. Knows texts and the
encoder; knows no triplet and no head.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pairmill.core.ids import digest_of, sha256_hex
from pairmill.core.tables import from_arrow, to_arrow
from pairmill.pipeline.progress import Progress
from pairmill.ports.encoder import Encoder
from pairmill.ports.objects import ObjectStore

TEXTS_AT_ONCE = 1024
"""Texts of one kept file: some seconds of work, all that a stop can cost."""


@dataclass(frozen=True, kw_only=True)
class TextFeatures:
    """Encodes texts; what is done is kept beneath `prefix`, named by encoder and texts."""

    objects: ObjectStore
    prefix: str
    encoder: Encoder
    progress: Progress

    def encode(self, texts: Iterable[str]) -> tuple[dict[str, int], NDArray[np.float32]]:
        """Return the row of every distinct text, and features, (M, T).

        They are rounded to float16, whether they were just made or found: equal bytes either way.
        """
        ordered = sorted(set(texts))
        chunks = [ordered[i : i + TEXTS_AT_ONCE] for i in range(0, len(ordered), TEXTS_AT_ONCE)]
        parts = [self._chunk(chunk) for chunk in chunks]
        empty = np.zeros((0, self.encoder.text_dim), np.float32)
        rows = {text: row for row, text in enumerate(ordered)}
        return rows, np.concatenate([empty, *parts])

    def _chunk(self, texts: Sequence[str]) -> NDArray[np.float32]:
        name = digest_of({"encoder": self.encoder.encoder_id, "texts": list(texts)}, length=32)
        key = f"{self.prefix}/{name}.arrow"
        if not self.objects.exists(key):
            features_MT = self.encoder.text_features(texts)
            ids = [sha256_hex(text.encode()) for text in texts]
            self.objects.put(key, to_arrow(ids, features_MT))
        self.progress.advance(len(texts))
        return from_arrow(self.objects.get(key))[1]
