"""MMRet-CLIP over its towers: features of images and texts become comparable unit vectors.

Knows heads and features; knows no tower, no store and no index.

    N images or queries, F image features, T text features, D shared space

Embedding = unit(image head(standardised image features) + text head(text features)), either of
which may be missing (MegaPairs, arXiv 2412.14475, section 3.2).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from pairmill.core.errors import ConfigError
from pairmill.core.vectors import unit_rows
from pairmill.models.checkpoints import (
    ARCHITECTURE,
    has_towers,
    parse_checkpoint,
    write_checkpoint,
)
from pairmill.models.heads import Arrays, Heads, head_arrays, load_heads

Floats = NDArray[np.float32]
ROWS_AT_ONCE = 1024
"""Bounds memory, whatever the caller brings."""


class Retriever:
    """Embeds images, texts and composed queries into one space.

    Args:
        heads: in evaluation mode.
        card: what the checkpoint's config says of it: encoder_id, run, version, data digests.
    """

    def __init__(self, heads: Heads, card: Mapping[str, Any]) -> None:
        self._heads = heads.eval().requires_grad_(False)
        self.card = dict(card)

    @classmethod
    def untrained(cls, head: Arrays, *, encoder_id: str) -> "Retriever":
        """Return the retriever of a shipped head, `Encoder.head()`."""
        return cls(load_heads(head), {"encoder_id": encoder_id, "version": "untrained"})

    @classmethod
    def load(cls, weights: bytes, config: bytes, *, encoder_id: str = "") -> "Retriever":
        """Return the retriever of a checkpoint; no code in it is run.

        encoder_id: whose features it will be given; empty where the caller has no encoder.
        Raises FormatError for another format, architecture or damaged weights, ConfigError for a
        checkpoint that was trained on another encoder.
        """
        arrays, card = parse_checkpoint(weights, config, encoder_id=encoder_id)
        if has_towers(arrays):
            raise ConfigError(
                "the checkpoint's towers were trained, too (training.trainable: all), and features "
                "of the locked towers are not theirs; open it by `Opener`, which gives its towers, "
                "too, and embed images and texts anew"
            )
        return cls(load_heads(arrays), card)

    def save(self) -> dict[str, bytes]:
        """Return the checkpoint's files by ending: `safetensors` and `json`."""
        return write_checkpoint(head_arrays(self._heads), self.card)

    @property
    def architecture(self) -> str:
        """The name that a checkpoint's config bears."""
        return ARCHITECTURE

    @property
    def dim(self) -> int:
        """Size of the embeddings."""
        return self._heads.shape.dim

    def embed_images(self, features_NF: Floats) -> Floats:
        """Return the embeddings of raw image features, (N, D), unit norm."""
        return self.embed_queries(features_NF, None)

    def embed_texts(self, features_NT: Floats) -> Floats:
        """Return the embeddings of raw text features, (N, D), unit norm."""
        return self.embed_queries(None, features_NT)

    def embed_queries(self, images_NF: Floats | None, texts_NT: Floats | None) -> Floats:
        """Return the embeddings of queries of an image, a text or both, (N, D), unit norm.

        A row whose features are not finite gives a row that is not finite: the caller must look.
        Raises ValueError where both are missing or their numbers differ.
        """
        given = [part for part in (images_NF, texts_NT) if part is not None]
        if not given or len({len(part) for part in given}) != 1:
            sizes = [len(part) for part in given]
            raise ValueError(f"got {sizes} rows of features, wanted one or two of equal length")
        parts = [
            unit_rows(self._sum(_cut(images_NF, start), _cut(texts_NT, start)))
            for start in range(0, len(given[0]), ROWS_AT_ONCE)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, self.dim), np.float32)

    def standardise(self, features_NF: Floats) -> Floats:
        """Return standardised image features of unit norm, (N, F): the retriever without a head."""
        with torch.inference_mode():
            scaled_NF = self._heads.standardise(torch.from_numpy(_float32(features_NF)))
        return unit_rows(scaled_NF.numpy())

    @torch.inference_mode()
    def _sum(self, images_NF: Floats | None, texts_NT: Floats | None) -> Floats:
        parts = []
        if images_NF is not None:
            parts.append(self._heads.images(torch.from_numpy(_float32(images_NF))))
        if texts_NT is not None:
            parts.append(self._heads.texts(torch.from_numpy(_float32(texts_NT))))
        total: Floats = torch.stack(parts).sum(0).numpy()
        return total


def _cut(features: Floats | None, start: int) -> Floats | None:
    return None if features is None else features[start : start + ROWS_AT_ONCE]


def _float32(features: Floats) -> Floats:
    return np.ascontiguousarray(features, np.float32)
