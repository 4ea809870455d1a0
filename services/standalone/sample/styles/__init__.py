"""The styles by name. Knows how each is drawn and how finely; knows no objects."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from services.standalone.sample.arrays import Picture
from services.standalone.sample.styles import drawn, lit, painted
from services.standalone.sample.styles.layers import Layers

PICTURE_SIDE = 192
_FINE = 2 * PICTURE_SIDE  # drawn twice as large, then averaged, so that edges are smooth
_COARSE = PICTURE_SIDE // 3  # pixel art: its pixels are three of ours


@dataclass(frozen=True)
class Style:
    """How a scene is drawn, and on how fine a grid."""

    render: Callable[[Layers], Picture]
    side: int = _FINE


STYLES: Mapping[str, Style] = {
    "flat drawing": Style(drawn.flat),
    "outlined cartoon": Style(drawn.cartoon),
    "watercolour": Style(painted.watercolour),
    "pencil sketch": Style(painted.pencil),
    "pixel art": Style(drawn.pixels, _COARSE),
    "neon sign": Style(lit.neon),
    "paper cut-out": Style(lit.cut_out),
}
