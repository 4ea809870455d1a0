"""Draw things to hold and to play with. Knows shapes; knows no colour, texture or style."""

import numpy as np

from services.standalone.sample.shapes import (
    Parts,
    Role,
    arc,
    box,
    curve,
    fill,
    line,
    mirrored,
    moved,
    oval,
    poly,
    smooth,
    soft_box,
)


def book() -> Parts:
    rear = soft_box(0.16, 0.1, 0.86, 0.96, 0.04)
    pages = soft_box(0.2, 0.84, 0.84, 0.93, 0.02)
    front = soft_box(0.16, 0.04, 0.86, 0.86, 0.04)
    ribbon = poly("68,90 76,90 76,104 72,100 68,104")
    label = soft_box(0.38, 0.2, 0.76, 0.42, 0.02)
    title = line(Role.INK, 0.025, poly("44,28 70,28"), poly("48,35 66,35"))
    spine = fill(Role.DEEP, soft_box(0.14, 0.04, 0.27, 0.96, 0.04))
    return (
        fill(Role.ROSE, ribbon),
        fill(Role.DEEP, rear),
        fill(Role.CREAM, pages),
        fill(Role.BODY, front),
        spine,
        fill(Role.CREAM, label),
        title,
    )


def key() -> Parts:
    bow = line(Role.BODY, 0.14, arc(0.5, 0.26, 0.19, 0, 360))
    blade = fill(
        Role.BODY,
        box(0.435, 0.43, 0.565, 0.97),
        box(0.55, 0.72, 0.74, 0.79),
        box(0.55, 0.86, 0.78, 0.96),
    )
    collar = fill(Role.DEEP, soft_box(0.38, 0.47, 0.62, 0.54, 0.03))
    return blade, bow, collar


def guitar() -> Parts:
    half = "50,96 68,95 80,83 75,69 66,60 70,50 64,41 50,41"
    body = smooth(mirrored(half))
    neck, head = box(0.455, 0.14, 0.545, 0.52), poly("42,2 58,2 56,16 44,16")
    pegs = [oval(x, y, 0.022) for x in (0.4, 0.6) for y in (0.05, 0.12)]
    strings = line(Role.CREAM, 0.01, poly("48.5,6 48.5,80"), poly("51.5,6 51.5,80"))
    wood = (
        fill(Role.WOOD, neck),
        fill(Role.WOOD, head),
        fill(Role.WOOD, box(0.39, 0.78, 0.61, 0.83)),
    )
    return (
        fill(Role.GOLD, *pegs),
        fill(Role.BODY, body),
        fill(Role.INK, oval(0.5, 0.58, 0.085)),
        *wood,
        strings,
    )


def umbrella() -> Parts:
    scallops = [arc(0.885 - 0.154 * i, 0.52, 0.077, 0, -180) for i in range(6)]
    canopy = np.vstack([arc(0.5, 0.52, 0.46, 180, 360), *scallops])
    handle = line(Role.WOOD, 0.05, curve("50,44 50,70 50,86 43,94 34,92 32,84"))
    ribs = curve("50,6 33,24 27,44"), curve("50,6 67,24 73,44")
    return (
        handle,
        line(Role.WOOD, 0.035, poly("50,2 50,8")),
        fill(Role.BODY, canopy),
        line(Role.DEEP, 0.02, *ribs),
    )


def kite() -> Parts:
    sail = poly("50,2 80,30 50,72 20,30")
    spars = line(Role.DEEP, 0.022, poly("50,3 50,71"), poly("21,30 79,30"))
    tail = line(Role.INK, 0.018, curve("50,72 44,80 56,88 48,97"))
    bows = smooth("46,80 36,74 37,86 46,80 56,74 55,86")
    return tail, fill(Role.ROSE, bows, moved(bows, 0.06, 0.1)), fill(Role.BODY, sail), spars
