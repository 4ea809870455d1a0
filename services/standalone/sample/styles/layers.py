"""What every style starts from, and what it may ask about it. Knows labels; knows no style."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from services.standalone.sample.arrays import Labels, Mask, Picture
from services.standalone.sample.raster import MAX_PARTS


@dataclass(frozen=True, kw_only=True)
class Layers:
    """A drawn scene before its style: who lies where, its own colours, and the ground."""

    label: Labels  # (H, W)
    paint: Picture  # (H, W, 3)
    ground: Picture  # (H, W, 3)
    rng: Generator

    @property
    def things(self) -> Labels:
        """0 for the ground, then 1 for the rearmost thing and so on."""
        return np.where(self.label > 0, self.label // MAX_PARTS + 1, 0).astype(np.uint8)

    @property
    def is_single(self) -> bool:
        """A thing by itself is drawn large and bears thicker lines than one among others."""
        return int(self.label.max()) < MAX_PARTS

    def over_ground(self) -> Picture:
        return np.where(self.label[..., None] > 0, self.paint, self.ground)


def shifted(map_HW: Labels, down: int, across: int) -> Labels:
    """What lies `down` and `across` of each pixel; the rim repeats."""
    height, width = map_HW.shape
    rows = np.clip(np.arange(height) + down, 0, height - 1)
    columns = np.clip(np.arange(width) + across, 0, width - 1)
    return map_HW[rows][:, columns]


def borders(map_HW: Labels) -> Mask:
    """Where a pixel differs from the one to its right or below."""
    return np.not_equal(map_HW, shifted(map_HW, 1, 0)) | np.not_equal(map_HW, shifted(map_HW, 0, 1))


def thicken(mask: Mask, num_pixels: int) -> Mask:
    """Grow a mask by a rounded brush of radius `num_pixels`."""
    for i in range(num_pixels):
        grown = mask.copy()
        grown[1:] |= mask[:-1]
        grown[:-1] |= mask[1:]
        across = grown.copy() if i % 2 else mask.copy()  # square and diamond steps in turn
        grown[:, 1:] |= across[:, :-1]
        grown[:, :-1] |= across[:, 1:]
        mask = grown
    return mask
