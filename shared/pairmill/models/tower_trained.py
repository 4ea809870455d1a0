"""The towers of a whole checkpoint, locked again: images and texts become the features of its head.

Knows a joint tower and where it runs; knows no file, no head and no store.

    B images or texts, S side, D dims of the joint space
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pairmill.models.tower_device import Device
from pairmill.models.tower_parts import JointTower

Floats = NDArray[np.float32]


class TrainedTowers:
    """Implements `ports.encoder.Towers`.

    Args:
        tower: of trained weights; it is locked, and brought to the device.
        encoder_id: what tells its features from all others.
    """

    def __init__(self, tower: JointTower, device: Device, encoder_id: str) -> None:
        self.encoder_id = encoder_id
        self._image, self._text, self._device = tower.image, tower.text, device
        device.place(tower.module)

    @property
    def image_dim(self) -> int:
        """Size of the joint space."""
        return self._image.dim

    @property
    def text_dim(self) -> int:
        """Size of the joint space."""
        return self._text.dim

    @property
    def longest_side(self) -> int:
        """Pixels of an image's longest side that the tower can make use of."""
        return self._image.fit.longest_side

    def prepare(self, image: Image.Image) -> NDArray[np.uint8]:
        """Return the image as the tower wants it, (S, S, 3)."""
        return self._image.fit(image)

    def image_features(self, pixels_BSSC: NDArray[np.uint8]) -> Floats:
        """Return the image tower's output, (B, D); on a CPU the same bytes in any batch."""
        return self._device.see(self._image, pixels_BSSC)

    def text_features(self, texts: Sequence[str]) -> Floats:
        """Return the text tower's output, (B, D), not normalised."""
        return self._device.read(self._text, texts)
