"""Draw house and home. Knows shapes; knows no colour, texture or style."""

import numpy as np

from services.standalone.sample.shapes import (
    Parts,
    Role,
    box,
    dash,
    fill,
    flip,
    line,
    moved,
    oval,
    poly,
    smooth,
    soft_box,
)


def house() -> Parts:
    walls, roof = box(0.14, 0.46, 0.86, 0.94), poly("3,50 50,10 97,50")
    panes = box(0.21, 0.58, 0.36, 0.74), box(0.64, 0.58, 0.79, 0.74)
    bars = dash(0.285, 0.58, 0.285, 0.74), dash(0.21, 0.66, 0.36, 0.66)
    door = soft_box(0.42, 0.62, 0.58, 0.945, 0.03)
    front = (
        fill(Role.GLASS, *panes),
        line(Role.WHITE, 0.022, *bars, *map(flip, bars)),
        fill(Role.WOOD, door),
        fill(Role.GOLD, oval(0.545, 0.79, 0.02)),
    )
    return (
        fill(Role.WOOD, box(0.68, 0.12, 0.8, 0.4)),
        fill(Role.BODY, walls),
        fill(Role.DEEP, roof),
        *front,
    )


def lamp() -> Parts:
    shade = poly("34,6 66,6 86,50 14,50")
    stem = line(Role.WOOD, 0.06, poly("50,50 50,88"))
    foot = smooth("26,94 36,87 50,85 64,87 74,94 50,96")
    cord = line(Role.INK, 0.016, poly("66,50 66,64"))
    return (
        stem,
        fill(Role.WOOD, foot),
        cord,
        fill(Role.GOLD, oval(0.5, 0.5, 0.12, 0.09), oval(0.66, 0.66, 0.02)),
        fill(Role.BODY, shade),
    )


def chair() -> Parts:
    rear = poly("30,60 27,95"), poly("70,60 73,95")
    back = smooth("24,10 30,4 70,4 76,10 73,50 68,55 32,55 27,50")
    seat = poly("25,54 75,54 86,68 14,68")
    edge = soft_box(0.13, 0.67, 0.87, 0.745, 0.03)
    front = poly("20,74 18,97"), poly("80,74 82,97")
    legs = line(Role.WOOD, 0.06, *rear), line(Role.WOOD, 0.07, *front)
    return *legs, fill(Role.BODY, back), fill(Role.BODY, seat), fill(Role.DEEP, edge)


def clock() -> Parts:
    feet = line(Role.DEEP, 0.06, poly("30,84 20,95"), poly("70,84 80,95"))
    bells = oval(0.24, 0.17, 0.15, 0.11, -38), oval(0.76, 0.17, 0.15, 0.11, 38)
    knob = line(Role.INK, 0.035, poly("50,20 50,7"), poly("43,7 57,7"))
    rays = [np.array([np.cos(t), np.sin(t)]) for t in np.radians(np.arange(12) * 30)]
    ticks = [moved(np.stack([0.205 * ray, 0.235 * ray]), 0.5, 0.56) for ray in rays]
    hands = line(Role.INK, 0.035, poly("50,56 50,40"), poly("50,56 62,62"))
    face = fill(Role.CREAM, oval(0.5, 0.56, 0.26)), line(Role.INK, 0.018, *ticks), hands
    return feet, knob, fill(Role.DEEP, *bells), fill(Role.BODY, oval(0.5, 0.56, 0.4)), *face
