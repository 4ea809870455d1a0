"""Give colours to roles. Knows red, green and blue; knows no shapes."""

import numpy as np

from services.standalone.sample.arrays import Picture
from services.standalone.sample.shapes import Role

INKS = {
    "black": 0x3A3A42,
    "blue": 0x2A66D8,
    "brown": 0x8A5530,
    "green": 0x3C9F49,
    "grey": 0x8D949D,
    "orange": 0xF5821F,
    "pink": 0xF67FB0,
    "purple": 0x8442BA,
    "red": 0xD92F32,
    "turquoise": 0x24BAB4,
    "white": 0xF5F4EF,
    "yellow": 0xFBCB2B,
}

# Where the rule would change the hue: shaded yellow is amber, not olive.
_DEEP = {"yellow": 0xE39A12, "white": 0xCFD3DC, "orange": 0xC55A12}

_FIXED = {
    Role.INK: 0x2B2930,
    Role.WHITE: 0xFDFCF8,
    Role.GLASS: 0xBFE3F2,
    Role.WOOD: 0xA9713F,
    Role.LEAF: 0x55A646,
    Role.GOLD: 0xF6B93B,
    Role.CREAM: 0xFBEFD5,
    Role.ROSE: 0xE9546B,
}


def rgb(code: int) -> Picture:
    return np.array([code >> 16, code >> 8 & 255, code & 255], dtype=np.float32) / 255


def mix(one: Picture, other: Picture, share: float | Picture) -> Picture:
    """`share` of `other`, the rest of `one`."""
    return one + np.asarray(share, dtype=np.float32) * (other - one)


def palette(colour: str) -> Picture:
    """The colour of every role when the thing is `colour`."""
    body = rgb(INKS[colour])
    shades = {Role.BODY: body, Role.DEEP: deep(colour), Role.PALE: pale(colour)}
    return np.stack([shades[role] if role in shades else rgb(_FIXED[role]) for role in Role])


def pale(colour: str) -> Picture:
    """The texture's second tone; for white things a cool grey, for want of anything paler."""
    return rgb(0xA3ACBC) if colour == "white" else mix(rgb(INKS[colour]), rgb(0xFFFFFF), 0.72)


def deep(colour: str) -> Picture:
    """The shade of a side part: darker and a little bluer, as shadows are."""
    if colour in _DEEP:
        return rgb(_DEEP[colour])
    return mix(rgb(INKS[colour]), rgb(0x1C1A3A), 0.3)
