"""The encoder port: images and texts become features, features become spaces.

Knows no store and no file: it takes decoded images and plain strings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL import Image  # services that see no image have none

    from pairmill.models.tower_parts import JointTower  # torch, which only trainers have


@dataclass(frozen=True, kw_only=True)
class Space:
    """One embedding space. `space_id` digests encoder, weights and preprocessing, so that
    vectors of two versions never meet. `reads` is `image` or `text`: whose features it takes."""

    name: str
    space_id: str
    dim: int
    reads: str


@dataclass(frozen=True, kw_only=True)
class Label:
    """What an image may show, in plain English ("running shoe"), and how likely: 0 to 1."""

    name: str
    probability: float


class Towers(Protocol):
    """What makes features of images and texts: an encoder's locked towers, or trained ones.

    Features are raw tower outputs, float32, finite for finite input. Equal input in equal batches
    gives equal bytes.
    """

    @property
    def encoder_id(self) -> str:
        """Digest of both towers' weights and preprocessing: features of two never meet."""
        ...

    @property
    def image_dim(self) -> int:
        """Size of the image tower's features."""
        ...

    @property
    def text_dim(self) -> int:
        """Size of the text tower's features."""
        ...

    @property
    def longest_side(self) -> int:
        """Pixels of an image's longest side that `prepare` can make use of: whoever decodes for it
        may reduce an image to twice as many."""
        ...

    def prepare(self, image: "Image.Image") -> NDArray[np.uint8]:
        """Resize one RGB image to the tower's input, (height, width, 3); safe on any thread."""
        ...

    def image_features(self, pixels_BHWC: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the image tower's features, (B, image_dim)."""
        ...

    def text_features(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the text tower's features, (B, text_dim)."""
        ...


class Encoder(Towers, Protocol):
    """Two locked towers and the spaces drawn from their features.

    Embeddings are unit vectors, float32.
    """

    @property
    def spaces(self) -> Sequence[Space]:
        """The spaces that `project` knows, in the order of reports."""
        ...

    def project(self, space: str, features_BF: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the embeddings of features in one space, (B, dim), unit norm."""
        ...

    def labels(self, features_BF: NDArray[np.float32]) -> list[tuple[Label, ...]]:
        """Return what each image may show, narrow names before broad ones, likely ones first.

        The first label that is likely enough is the one to use; a broad name's probability counts
        all that is narrower. An encoder without a classifier gives an empty tuple for each image:
        then nothing is said of what they show. Needs no exact bytes, unlike features: only names
        are kept.
        """
        ...

    def head(self) -> Mapping[str, NDArray[np.float32]]:
        """Return the tensors, by name, of the shipped head that maps both kinds of features into
        one space; training starts from it."""
        ...


class TrainableEncoder(Encoder, Protocol):
    """An encoder whose joint model can be trained whole. Its head is the identity on that model's
    features, which are the first of both kinds."""

    def joint(self) -> "JointTower":
        """Return the model of images and texts anew, on the CPU, in float32 and with gradients:
        the caller's own, so that training does not change the encoder."""
        ...
