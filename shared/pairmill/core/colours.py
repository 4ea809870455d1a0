"""Name the main colours of what a picture shows: of what differs from its ground.

Knows pixels and twelve English words; knows no image record and no thing.
"""

# H height, W width, N pixels, R reference colours

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]

REFERENCES: Mapping[str, str] = {
    "black": "000000 14141a 1e1c1e 201a18 2b2b2f",
    "grey": "404044 5a5a5c 78787a 94949a aeaeb0",
    "white": "d2d2d4 e8e8e8 ffffff f6f3ee",
    "red": "e01818 c01a20 96141a 6e1018 d83838 b84444",
    "orange": "f08018 e06010 f0963c d87828",
    "yellow": "f6e428 e6c61e f8ec8c c8a818",
    "green": "1e8c32 0c4a1e 5ab04a 2e6048 96c878 6e7c34 3c4624 a0b48c",
    "blue": "1c3cc8 3c82dc 141e50 22306a 84b4e8 2898b4 3c5a80 6486a6 a8c4dc 1a2436 46505f "
    "5e6a7c 7c8a9c 9eacbc",
    "purple": "6e2896 9664b4 461450 b496c8 583a68",
    "pink": "f080aa f0b4c4 e63c8c d88a96 c86480 f6d4d8",
    "brown": "4a2a18 6e4426 825030 a0703c 32221a 5c4434 8c6a50",
    "beige": "dcc8a4 c8ae88 ecdec4 b49c7c d2c2ae",
}
"""The eleven basic colour terms of Berlin and Kay (1969) and beige, which clothes and walls need:
each by a few sRGB colours that go by its name, chosen by hand. Navy is blue, maroon red."""

GROUND_DISTANCE = 16.0
"""CIELAB distance from the border's median colour at which a pixel belongs to the thing shown."""
BORDER, LEAST_FOREGROUND = 0.05, 0.04
"""Share of the shorter side that is border; share of pixels below which nothing stands out."""
KIN = {
    ("black", "grey"), ("grey", "white"), ("blue", "grey"), ("brown", "grey"), ("beige", "grey"),
    ("purple", "grey"), ("purple", "pink"), ("blue", "purple"), ("brown", "beige"),
    ("beige", "white"), ("red", "pink"), ("red", "brown"), ("black", "brown"), ("red", "orange"),
    ("orange", "brown"), ("orange", "yellow"), ("beige", "yellow"), ("pink", "beige"),
    ("pink", "orange"),
}  # fmt: skip
"""Neighbours, between which light and shade move one cloth: the larger share stands for both."""
MOST_GAIN = 1.25
MAIN, SECOND = 0.5, 0.3
"""Shares of what is shown: one colour from the first on, or two from the second on."""


def main_colours(pixels_HWC: Pixels) -> tuple[str, ...]:
    """Return the one or two colours of what an RGB picture shows, the larger first.

    Where nothing differs from the border's median colour, those of the whole picture. Nothing is
    returned for a picture of many colours.
    """
    lab_HWC = to_lab(_brightened(pixels_HWC))
    shown_HW = _foreground(lab_HWC)
    weights_N = _nearness_to_centre(shown_HW.shape)[shown_HW]
    squares_NR = ((lab_HWC[shown_HW][:, None, :] - _REFERENCES_R3[None]) ** 2).sum(axis=2)
    names_N = _NAME_OF_R[np.argmin(squares_NR, axis=1)]
    shares = np.bincount(names_N, weights_N, len(REFERENCES)) / weights_N.sum()
    names = list(REFERENCES)
    order = sorted(range(len(names)), key=lambda i: (-shares[i], names[i]))
    first, second = order[:2]
    pair = names[first], names[second]
    if pair in KIN or pair[::-1] in KIN:
        return pair[:1] if shares[first] + shares[second] >= MAIN else ()
    if shares[second] >= SECOND:
        return pair
    return pair[:1] if shares[first] >= MAIN else ()


def to_lab(pixels: Pixels) -> Floats:
    """Return sRGB pixels, (…, 3), in CIELAB under D65 (IEC 61966-2-1; CIE 15)."""
    value = pixels.astype(np.float64) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    xyz = linear @ _TO_XYZ.T / _WHITE
    cube = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz * (29 / 6) ** 2 / 3 + 4 / 29)
    light, across, along = cube[..., 1], cube[..., 0] - cube[..., 1], cube[..., 1] - cube[..., 2]
    return np.stack([116 * light - 16, 500 * across, 200 * along], axis=-1)


def _brightened(pixels_HWC: Pixels) -> Pixels:
    """Return the picture as bright as its brightest hundredth allows, so that white cloth in a dim
    room is white; a picture without any bright pixel gains `MOST_GAIN` at most."""
    brightest = float(np.percentile(pixels_HWC.max(axis=2), 99))
    gain = min(MOST_GAIN, max(1.0, 250 / max(brightest, 1.0)))
    brighter: Pixels = np.minimum(pixels_HWC * gain, 255).astype(np.uint8)
    return brighter


def _nearness_to_centre(size: tuple[int, ...]) -> Floats:
    """Return weights, (H, W), that fall from 1 in the middle to a seventh in the corners."""
    down, across = (np.linspace(-1, 1, side) ** 2 for side in size)
    return np.exp(-down[:, None] - across[None, :])


def _foreground(lab_HWC: Floats) -> NDArray[np.bool_]:
    """Return which pixels differ from the border's median colour; all, where too few do."""
    height, width = lab_HWC.shape[:2]
    edge = max(1, round(BORDER * min(height, width)))
    inner = np.zeros((height, width), bool)
    inner[edge : height - edge, edge : width - edge] = True
    border_N3 = lab_HWC[~inner]
    ground = np.median(border_N3, axis=0)
    differs: NDArray[np.bool_] = np.linalg.norm(lab_HWC - ground, axis=2) > GROUND_DISTANCE
    return differs if differs.mean() >= LEAST_FOREGROUND else np.ones_like(differs)


_TO_XYZ = np.array([[0.4124564, 0.3575761, 0.1804375],
                    [0.2126729, 0.7151522, 0.0721750],
                    [0.0193339, 0.1191920, 0.9503041]])  # fmt: skip
_WHITE = _TO_XYZ.sum(axis=1)
_REFERENCES_R3 = to_lab(
    np.array([list(bytes.fromhex(code)) for line in REFERENCES.values() for code in line.split()],
             np.uint8)
)  # fmt: skip
_NAME_OF_R = np.array([i for i, line in enumerate(REFERENCES.values()) for _ in line.split()])
