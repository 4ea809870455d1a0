"""Edits: a real image, changed in a way that has a name, and the words that ask for it.

Knows pixels and words; knows no store, no record and no run. Every operation's function takes
pixels, (H, W, 3) bytes, and free parameters; OPERATIONS gives them values and phrasings.
"""

from pairmill.editing.choosing import Edited, difference, edit_image
from pairmill.editing.colouring import (
    brighten,
    change_ground,
    contrast,
    invert,
    recolour,
    saturate,
    silhouette,
    tint,
    warm,
)
from pairmill.editing.drawing import blur, grain, line_drawing, pixelate, poster
from pairmill.editing.framing import (
    copies,
    flip,
    frame,
    part,
    place,
    stretch,
    tilt,
    turn,
    zoom,
)
from pairmill.editing.names import COLOURS
from pairmill.editing.operation import Operation, Value
from pairmill.editing.operations import OPERATIONS
from pairmill.editing.pixels import Colour, Pixels, stands_clear, stands_free, to_pixels

__all__ = [
    "COLOURS", "OPERATIONS", "Colour", "Edited", "Operation", "Pixels", "Value", "blur",
    "brighten", "change_ground", "contrast", "copies", "difference", "edit_image", "flip", "frame",
    "grain", "invert", "line_drawing", "part", "pixelate", "place", "poster", "recolour",
    "saturate", "silhouette", "stands_clear", "stands_free", "stretch", "tilt", "tint", "to_pixels",
    "turn", "warm", "zoom",
]  # fmt: skip
