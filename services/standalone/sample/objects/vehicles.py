"""Draw what travels. Knows shapes; knows no colour, texture or style."""

from services.standalone.sample.shapes import (
    Parts,
    Role,
    box,
    curve,
    fill,
    flip,
    line,
    oval,
    poly,
    smooth,
    soft_box,
)


def car() -> Parts:
    cabin = poly("20,48 30,24 66,24 80,48")
    hull = soft_box(0.02, 0.44, 0.98, 0.74, 0.09)
    panes = poly("27,46 34.5,29 47,29 47,46"), poly("52,46 52,29 64,29 73,46")
    wheels = oval(0.25, 0.74, 0.125), oval(0.75, 0.74, 0.125)
    hubs = oval(0.25, 0.74, 0.055), oval(0.75, 0.74, 0.055)
    trim = line(Role.DEEP, 0.02, poly("49.5,48 49.5,70"), poly("54,54 60,54"))
    lamps = (
        fill(Role.GOLD, oval(0.94, 0.54, 0.035, 0.05)),
        fill(Role.ROSE, box(0.025, 0.5, 0.07, 0.58)),
    )
    return (
        fill(Role.BODY, cabin, hull),
        fill(Role.GLASS, *panes),
        trim,
        *lamps,
        fill(Role.INK, *wheels),
        fill(Role.CREAM, *hubs),
    )


def sailing_boat() -> Parts:
    hull = smooth("5,72 10,73 90,73 95,72 84,88 70,95 30,95 16,88")
    main = smooth("53,7 56,12 76,42 87,64 84,66 56,66 53,64")
    jib = smooth("46,14 45,60 43,64 16,64 16,61 34,40")
    mast = line(Role.WOOD, 0.03, poly("49.5,4 49.5,74"))
    stripe = line(Role.CREAM, 0.035, poly("13,80 87,80"))
    return mast, fill(Role.BODY, main), fill(Role.BODY, jib), fill(Role.WOOD, hull), stripe


def rocket() -> Parts:
    hull = smooth("50,2 62,14 69,36 68,60 63,78 37,78 32,60 31,36 38,14")
    nose = smooth("50,2 59,10 64.5,21 50,23.5 35.5,21 41,10")
    fin = smooth("32,52 16,68 13,90 22,85 36,78")
    flame = smooth("40,78 60,78 60,88 50,99 40,88")
    ring, pane = oval(0.5, 0.4, 0.105), oval(0.5, 0.4, 0.07)
    port = fill(Role.WHITE, ring), fill(Role.GLASS, pane)
    return (
        fill(Role.GOLD, flame),
        fill(Role.DEEP, fin),
        fill(Role.DEEP, flip(fin)),
        fill(Role.BODY, hull),
        fill(Role.DEEP, nose),
        *port,
    )


def hot_air_balloon() -> Parts:
    skin = smooth("50,2 75,10 86,33 76,54 60,69 40,69 24,54 14,33 25,10")
    seam = curve("50,2 36,14 31,34 36,53 45,69")
    ropes = poly("41,68 42,84"), poly("59,68 58,84")
    basket = poly("39,83 61,83 58,98 42,98")
    rim = line(Role.CREAM, 0.03, poly("38,84 62,84"))
    return (
        line(Role.INK, 0.014, *ropes),
        fill(Role.BODY, skin),
        line(Role.DEEP, 0.022, seam, flip(seam)),
        fill(Role.WOOD, basket),
        rim,
    )
