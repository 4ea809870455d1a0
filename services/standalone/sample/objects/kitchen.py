"""Draw what stands on a table. Knows shapes; knows no colour, texture or style."""

from services.standalone.sample.shapes import (
    Parts,
    Role,
    arc,
    box,
    curve,
    dash,
    fill,
    flip,
    line,
    mirrored,
    oval,
    poly,
    smooth,
    soft_box,
)


def cup() -> Parts:
    side = "12,30 14,55 20,76 30,84 54,84 64,76 70,55 72,30"
    handle = line(Role.BODY, 0.075, curve("68,40 88,38 90,54 80,66 63,68"))
    saucer = fill(Role.DEEP, oval(0.42, 0.86, 0.38, 0.06))
    return (
        handle,
        saucer,
        fill(Role.BODY, smooth(side)),
        fill(Role.CREAM, oval(0.42, 0.29, 0.3, 0.085)),
        fill(Role.WOOD, oval(0.42, 0.305, 0.255, 0.058)),
    )


def teapot() -> Parts:
    spout = smooth("20,70 10,52 1,36 10,32 17,45 34,52")
    handle = line(Role.DEEP, 0.065, arc(0.78, 0.58, 0.16, -100, 95))
    belly = smooth("50,34 70,40 79,60 70,82 50,88 30,82 21,60 30,40")
    lid = smooth("32,38 38,27 50,23 62,27 68,38 50,41")
    return (
        handle,
        fill(Role.BODY, spout, belly),
        fill(Role.DEEP, lid),
        fill(Role.GOLD, oval(0.5, 0.2, 0.05)),
    )


def bottle() -> Parts:
    half = "59,20 59,32 70,45 72,56 72,86 66,95"
    glass = smooth(mirrored(half))
    collar, cork = soft_box(0.385, 0.15, 0.615, 0.23, 0.025), box(0.425, 0.04, 0.575, 0.16)
    label = soft_box(0.36, 0.6, 0.64, 0.8, 0.03)
    shine = line(Role.PALE, 0.03, poly("35.5,50 35.5,56"))
    return (
        fill(Role.WOOD, cork),
        fill(Role.BODY, glass),
        fill(Role.DEEP, collar),
        fill(Role.CREAM, label),
        shine,
    )


def ice_cream() -> Parts:
    cone = poly("24,47 76,47 52,98 48,98")
    grid = dash(0.36, 0.48, 0.56, 0.82), dash(0.5, 0.48, 0.62, 0.7), dash(0.28, 0.55, 0.46, 0.87)
    scoops = oval(0.36, 0.34, 0.19), oval(0.64, 0.34, 0.19), oval(0.5, 0.22, 0.19)
    drips = smooth("18,40 50,32 82,40 78,50 68,47 60,54 50,48 38,56 30,47 22,50")
    cherry = fill(Role.ROSE, oval(0.5, 0.06, 0.06))
    return (
        fill(Role.GOLD, cone),
        line(Role.WOOD, 0.018, *grid, *map(flip, grid)),
        fill(Role.BODY, scoops[0], scoops[1], drips),
        fill(Role.BODY, scoops[2]),
        cherry,
    )
