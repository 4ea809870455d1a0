"""An encoder of four words that images and texts have or have not, as judges' tests want it."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pairmill.core.vectors import unit_rows
from pairmill.ports.encoder import Space

WORDS = ("car", "cat", "red", "blue", "noise")
DIM = len(WORDS)
Floats = NDArray[np.float32]


class ToyEncoder:
    """Its head is the identity, so that a composed query is what both parts say together."""

    encoder_id, image_dim, text_dim = "toy", DIM, DIM
    spaces = (Space(name="visual_semantic", space_id="s", dim=DIM, reads="image"),
              Space(name="caption", space_id="c", dim=DIM, reads="text"))  # fmt: skip

    def text_features(self, texts: Sequence[str]) -> Floats:
        """Return which of the words a text has."""
        rows = [[float(word in text) for word in WORDS] for text in texts]
        return np.array(rows, np.float32).reshape(len(texts), DIM)

    def project(self, space: str, features_BF: Floats) -> Floats:
        """Return the features as they are, of unit norm."""
        return unit_rows(features_BF)

    def head(self) -> Mapping[str, Floats]:
        """Return the identity."""
        eye, zeros = np.eye(DIM, dtype=np.float32), np.zeros(DIM, np.float32)
        return {"mean": zeros, "std": np.ones(DIM, np.float32), "image.linear.weight": eye,
                "text.linear.weight": eye, "image.linear.bias": zeros,
                "text.linear.bias": zeros}  # fmt: skip


def image(**parts: float) -> list[float]:
    """Return an image's features by word."""
    return [parts.get(word, 0.0) for word in WORDS]
