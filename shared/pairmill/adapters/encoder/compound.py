"""One encoder of several published models: a joint one, and perhaps one for patterns or texts.

Knows spaces, features and how the models' parts stand in them; knows no model library. Loading is
put off until a feature or a size is asked for: `encoder_id` costs a hub's names nothing, and a
folder's the reading of its files.

    B images or texts, S side, F image features, T text features, D dims of the joint space
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pairmill.adapters.encoder.lineup import Lineup, Models
from pairmill.core.vectors import unit_rows
from pairmill.ports.encoder import Label, Space

if TYPE_CHECKING:
    from pairmill.models.tower_device import Device
    from pairmill.models.tower_parts import JointTower

Floats = NDArray[np.float32]
HEADROOM = 4.0
"""The identity head divides image features by this and multiplies them by it again: heads clip
what is ten times the standard deviation, and published models have a few dimensions that are
larger. A power of two, so that the product is exact."""


class CompoundEncoder:
    """Implements `ports.encoder.TrainableEncoder`.

    Image features are those of the joint model, then those of the pattern model; text features
    alike. So one file of features feeds every space and every head. Untrained, the retriever is
    the published joint model: unit(image + text) of its own outputs (MMRet-CLIP, arXiv 2412.14475,
    section 3.2).
    """

    def __init__(self, lineup: Lineup) -> None:
        self._lineup, self._config = lineup, lineup.config
        self._lock = Lock()
        self._opened: Models | None = None

    @cached_property
    def encoder_id(self) -> str:
        """Digest of all models' versions, their preprocessing and the precision."""
        return self._lineup.encoder_id

    @cached_property
    def spaces(self) -> tuple[Space, ...]:
        """The spaces, in the order of reports."""
        return tuple(self._space(name) for name in self._config.spaces)

    @cached_property
    def image_dim(self) -> int:
        """Size of the image features."""
        return sum(part.dim for part in self._models.images)

    @cached_property
    def text_dim(self) -> int:
        """Size of the text features."""
        return sum(part.dim for part in self._models.texts)

    @cached_property
    def longest_side(self) -> int:
        """Pixels of an image's longest side that some model can make use of."""
        return max(part.fit.longest_side for part in self._models.images)

    def prepare(self, image: Image.Image) -> NDArray[np.uint8]:
        """Return the image as each model wants it, one beneath the other, (H, W, 3) uint8.

        A narrower one leaves black beside it, which no model sees.
        """
        models = self._models
        fitted = [part.fit(image) for part in models.images]
        if len(fitted) == 1:
            return fitted[0]
        packed = np.zeros(models.shape, np.uint8)
        for pixels, top in zip(fitted, models.tops, strict=True):
            packed[top : top + len(pixels), : len(pixels)] = pixels
        return packed

    def image_features(self, pixels_BHWC: NDArray[np.uint8]) -> Floats:
        """Return the features, (B, F); on a CPU the same bytes in any batch."""
        models = self._models
        if pixels_BHWC.shape[1:] != models.shape or pixels_BHWC.dtype != np.uint8:
            got = f"{pixels_BHWC.dtype} {pixels_BHWC.shape}"
            raise ValueError(f"pixels: got {got}, wanted uint8 (B, {models.shape}); "
                             "call prepare first")  # fmt: skip
        found = []
        for part, top in zip(models.images, models.tops, strict=True):
            side = part.fit.side
            found.append(self._device.see(part, pixels_BHWC[:, top : top + side, :side]))
        return np.concatenate(found, axis=1)

    def text_features(self, texts: Sequence[str]) -> Floats:
        """Return the features, (B, T), not normalised."""
        found = [self._device.read(part, texts) for part in self._models.texts]
        return np.concatenate(found, axis=1)

    def project(self, space: str, features_BF: Floats) -> Floats:
        """Return the embeddings of features in one space, (B, D), unit norm.

        A row whose norm is zero stays zero, one that is not finite stays so; KeyError for a space
        that is not of this encoder.
        """
        if space not in self._config.spaces:
            raise KeyError(f"got space {space!r}, wanted one of {', '.join(self._config.spaces)}")
        return unit_rows(features_BF[:, slice(*self._span(space))])

    def labels(self, features_BF: Floats) -> list[tuple[Label, ...]]:
        """Return none for every image: no model here has a classifier."""
        return [()] * len(features_BF)

    def head(self) -> Mapping[str, Floats]:
        """Return the identity on the joint model's features, which training starts from."""
        dim = self._models.joint.image.dim
        image, text = (np.eye(dim, size, dtype=np.float32)
                       for size in (self.image_dim, self.text_dim))  # fmt: skip
        return {
            "mean": np.zeros(self.image_dim, np.float32),
            "std": np.full(self.image_dim, HEADROOM, np.float32),
            "image.linear.weight": image * np.float32(HEADROOM),
            "image.linear.bias": np.zeros(dim, np.float32),
            "text.linear.weight": text,
            "text.linear.bias": np.zeros(dim, np.float32),
        }

    def joint(self) -> "JointTower":
        """Return the joint model anew, on the CPU, in float32 and with gradients: it is yours."""
        return self._lineup.open_joint()

    def _space(self, name: str) -> Space:
        begin, end = self._span(name)
        return Space(name=name, dim=end - begin, reads="text" if name == "caption" else "image",
                     space_id=self._lineup.space_id(name))  # fmt: skip

    def _span(self, space: str) -> tuple[int, int]:
        """Return where a space's dimensions begin and end among the features that it reads."""
        dim, texts = self._models.joint.image.dim, space == "caption"
        if space == "visual_semantic" or (texts and self._config.text is None):
            return 0, dim
        return dim, self.text_dim if texts else self.image_dim

    @cached_property
    def _device(self) -> "Device":
        from pairmill.models.tower_device import Device

        return Device(threads=self._config.threads, precision=self._config.precision)

    @property
    def _models(self) -> "Models":
        """All models, opened once, whichever thread asks first."""
        with self._lock:
            if self._opened is None:
                self._opened = self._lineup.open_all()
                for module in self._opened.modules:
                    self._device.place(module)
            return self._opened
