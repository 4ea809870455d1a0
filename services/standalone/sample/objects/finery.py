"""Draw things to wear and to give. Knows shapes; knows no colour, texture or style."""

import numpy as np

from services.standalone.sample.shapes import (
    Parts,
    Role,
    arc,
    box,
    curve,
    fill,
    flip,
    line,
    mirrored,
    oval,
    poly,
    smooth,
    soft_box,
)
from services.standalone.sample.shapes import star as star_outline


def shirt() -> Parts:
    half = "50,10 62,7 76,12 97,36 82,48 74,40 75,93 50,93"
    body = poly(mirrored(half))
    cuff = poly("97,36 82,48 78.5,44 93.5,31.5")
    collar = line(Role.DEEP, 0.05, curve("38,9 43,18 50,20.5 57,18 62,9"))
    return fill(Role.BODY, body), fill(Role.DEEP, cuff, flip(cuff)), collar


def sock() -> Parts:
    leg = smooth("36,10 74,10 73,40 74,70 66,86 42,93 14,95 6,80 20,68 36,60 37,36")
    toe = smooth("24,66 28,80 24,94.5 12,95 5.5,82 13,72")
    heel = smooth("74.5,60 73.5,74 66,86 54,90 58,74")
    return (
        fill(Role.BODY, leg),
        fill(Role.DEEP, toe),
        fill(Role.DEEP, heel),
        fill(Role.DEEP, soft_box(0.33, 0.04, 0.77, 0.2, 0.04)),
    )


def crown() -> Parts:
    points = "10,84 3,30 28,56 50,16 72,56 97,30 90,84"
    band = soft_box(0.09, 0.76, 0.91, 0.92, 0.03)
    pearls = [oval(x, y, 0.05) for x, y in ((0.05, 0.27), (0.5, 0.13), (0.95, 0.27))]
    jewels = (
        fill(Role.ROSE, oval(0.5, 0.84, 0.05)),
        fill(Role.GLASS, oval(0.26, 0.84, 0.04), oval(0.74, 0.84, 0.04)),
    )
    return fill(Role.BODY, poly(points)), fill(Role.DEEP, band), fill(Role.GOLD, *pearls), *jewels


def gift() -> Parts:
    bow = smooth("50,30 34,8 18,8 18,24 32,31")
    chest, lid = soft_box(0.12, 0.46, 0.88, 0.95, 0.02), soft_box(0.06, 0.3, 0.94, 0.48, 0.03)
    bands = box(0.43, 0.48, 0.57, 0.95), box(0.43, 0.3, 0.57, 0.48)
    knot = fill(Role.WHITE, oval(0.5, 0.28, 0.07, 0.06))
    return (
        fill(Role.BODY, chest),
        fill(Role.WHITE, bands[0]),
        fill(Role.DEEP, lid),
        fill(Role.WHITE, bands[1], bow, flip(bow)),
        knot,
    )


def bell() -> Parts:
    half = "50,10 64,14 73,30 76,54 84,68 93,80 50,82"
    body = smooth(mirrored(half))
    ring = line(Role.GOLD, 0.04, arc(0.5, 0.08, 0.06, 0, 360))
    lip = line(Role.DEEP, 0.06, curve("12,79 50,82 88,79"))
    return ring, fill(Role.GOLD, oval(0.5, 0.87, 0.09)), fill(Role.BODY, body), lip


def star() -> Parts:
    return (fill(Role.BODY, star_outline(0.5, 0.53, 0.5, 0.24)),)


def heart() -> Parts:
    t = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    x, y = (
        16 * np.sin(t) ** 3,
        13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t),
    )
    shine = line(Role.PALE, 0.05, curve("17,38 19,27 27,21"))
    return fill(Role.BODY, np.stack([0.5 + x / 34, 0.47 - y / 34], 1)), shine
