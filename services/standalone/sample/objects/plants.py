"""Draw things that grow. Knows shapes; knows no colour, texture or style."""

import numpy as np

from services.standalone.sample.shapes import (
    Part,
    Parts,
    Role,
    curve,
    fill,
    flip,
    line,
    mirrored,
    moved,
    oval,
    poly,
    smooth,
    soft_box,
)


def tree() -> Parts:
    trunk = poly("43,55 57,55 58,86 64,95 36,95 42,86")
    crown = (
        oval(0.5, 0.27, 0.22),
        oval(0.29, 0.43, 0.2),
        oval(0.71, 0.43, 0.2),
        oval(0.5, 0.5, 0.24),
    )
    return fill(Role.WOOD, trunk), fill(Role.BODY, *crown)


def mushroom() -> Parts:
    stem = smooth("40,50 60,50 60,75 66,92 50,96 34,92 40,75")
    cap = smooth("5,53 14,28 50,6 86,28 95,53 50,60")
    gills = smooth("12,54.5 50,50 88,54.5 50,63")
    return fill(Role.CREAM, stem), fill(Role.BODY, cap), fill(Role.DEEP, gills)


def flower() -> Parts:
    turns = np.radians(np.arange(6) * 60 + 30)
    petals = [
        fill(
            Role.BODY,
            oval(0.5 + 0.2 * np.cos(t), 0.32 + 0.2 * np.sin(t), 0.17, 0.125, np.degrees(t)),
        )
        for t in turns
    ]
    leaf = smooth("51,86 60,70 78,66 70,82")
    stem = line(Role.LEAF, 0.05, curve("50,40 49,70 51,97"))
    return (
        stem,
        fill(Role.LEAF, leaf),
        fill(Role.LEAF, flip(leaf)),
        *petals,
        fill(Role.GOLD, oval(0.5, 0.32, 0.115)),
    )


def cactus() -> Parts:
    arms = curve("50,56 26,53 22,36"), curve("50,48 75,44 78,24")
    plant = Part(Role.BODY, (soft_box(0.39, 0.07, 0.61, 0.74, 0.1),), arms, 0.15)
    pot = fill(Role.WOOD, poly("30,74 70,74 64,97 36,97"))
    rim = fill(Role.WOOD, poly("26,68 74,68 74,77 26,77"))
    bloom = fill(
        Role.ROSE, oval(0.45, 0.08, 0.045), oval(0.55, 0.08, 0.045), oval(0.5, 0.04, 0.045)
    )
    return plant, pot, rim, bloom


def leaf() -> Parts:
    blade = smooth("50,3 74,22 83,48 70,70 50,82 30,70 17,48 26,22")
    ribs = [moved(curve("50,57 64,48 73,39"), 0, d) for d in (-0.15, 0.0, 0.14)]
    spine = curve("50,14 50,70 54,97")
    return (
        fill(Role.BODY, blade),
        line(Role.DEEP, 0.018, *ribs, *map(flip, ribs)),
        line(Role.DEEP, 0.035, spine),
    )


def apple() -> Parts:
    side = "50,30 63,23 80,26 92,46 85,74 68,93 50,90"
    body = smooth(mirrored(side))
    stalk = curve("50,34 50,20 55,6")
    leaf_ = smooth("54,20 64,6 84,6 72,19")
    return (
        fill(Role.BODY, body),
        line(Role.WOOD, 0.05, stalk),
        fill(Role.LEAF, leaf_),
        fill(Role.PALE, oval(0.25, 0.46, 0.045, 0.1, 15)),
    )
