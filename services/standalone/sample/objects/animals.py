"""Draw animals. Knows shapes; knows no colour, texture or style."""

from services.standalone.sample.shapes import (
    Part,
    Parts,
    Role,
    arc,
    curve,
    dash,
    fill,
    flip,
    line,
    oval,
    poly,
    smooth,
)


def eye(x: float, y: float, r: float) -> tuple[Part, Part]:
    pupil = oval(x, y + 0.1 * r, 0.55 * r)
    return fill(Role.WHITE, oval(x, y, r)), fill(Role.INK, pupil)


def fish() -> Parts:
    body = smooth("3,50 20,29 45,23 74,42 78,50 74,58 45,77 20,71")
    tail = smooth("72,50 97,24 90,50 97,76")
    fins = smooth("30,28 42,10 64,16 62,36"), smooth("40,72 50,90 62,86 58,66")
    lines = arc(0.2, 0.5, 0.17, -55, 55), curve("6,58 10,60 15,58")
    flipper = smooth("44,52 62,48 60,62 50,60")
    return (
        fill(Role.DEEP, tail, *fins),
        fill(Role.BODY, body),
        line(Role.DEEP, 0.025, *lines),
        fill(Role.DEEP, flipper),
        *eye(0.2, 0.44, 0.065),
    )


def cat() -> Parts:
    ear = poly("10,50 13,5 47,25")
    inner = poly("19,34 19.5,16.5 34,26")
    head = smooth("50,19 80,28 94,57 79,83 50,92 21,83 6,57 20,28")
    whiskers = dash(0.28, 0.68, 0.03, 0.64), dash(0.28, 0.73, 0.03, 0.77)
    snout = oval(0.42, 0.7, 0.1, 0.085), oval(0.58, 0.7, 0.1, 0.085)
    mouth = arc(0.45, 0.7, 0.05, 10, 150), arc(0.55, 0.7, 0.05, 30, 170)
    face = *eye(0.32, 0.5, 0.095), *eye(0.68, 0.5, 0.095), fill(Role.PALE, *snout)
    nose = fill(Role.ROSE, poly("45,62 55,62 50,68"))
    lines = line(Role.INK, 0.018, *whiskers, *map(flip, whiskers), *mouth)
    return (
        fill(Role.BODY, ear, flip(ear), head),
        fill(Role.ROSE, inner, flip(inner)),
        *face,
        lines,
        nose,
    )


def butterfly() -> Parts:
    upper = smooth("50,46 36,20 14,10 3,24 10,46 30,54")
    lower = smooth("50,54 30,54 14,66 18,86 33,90 46,72")
    feeler = curve("50,28 45,14 37,8")
    tips = oval(0.37, 0.08, 0.022), oval(0.63, 0.08, 0.022)
    trunk = oval(0.5, 0.52, 0.045, 0.26), oval(0.5, 0.28, 0.055)
    wings = [fill(Role.BODY, w) for w in (lower, flip(lower), upper, flip(upper))]
    return *wings, line(Role.INK, 0.02, feeler, flip(feeler)), fill(Role.INK, *tips, *trunk)


def snail() -> Parts:
    slug = smooth("3,87 30,76 62,76 72,52 80,36 95,40 95,56 86,80 74,90 40,92")
    stalks = curve("84,40 80,28 79,20"), curve("90,40 94,28 96,20")
    spiral = curve("62,70 66,46 45,28 23,45 30,66 48,66 54,50 43,41 36,50 43,55")
    eyes = *eye(0.79, 0.19, 0.05), *eye(0.96, 0.19, 0.05)
    smile = line(Role.INK, 0.018, arc(0.88, 0.5, 0.06, 20, 100))
    return (
        line(Role.CREAM, 0.05, *stalks),
        fill(Role.CREAM, slug),
        fill(Role.BODY, oval(0.41, 0.5, 0.33)),
        line(Role.DEEP, 0.035, spiral),
        *eyes,
        smile,
    )


def bird() -> Parts:
    legs = poly("45,75 42,95 34,95"), poly("56,75 56,95 48,95")
    tail = poly("70,50 99,30 97,50 82,66")
    body = smooth("14,30 30,13 47,24 62,42 84,50 74,74 48,82 22,70 14,48")
    wing = smooth("40,48 62,46 88,54 66,70 46,66")
    beak = poly("17,26 1,34 16,40")
    return (
        line(Role.GOLD, 0.03, *legs),
        fill(Role.DEEP, tail),
        fill(Role.GOLD, beak),
        fill(Role.BODY, body),
        fill(Role.DEEP, wing),
        *eye(0.3, 0.3, 0.055),
    )


def owl() -> Parts:
    body = smooth("50,14 72,14 82,4 86,30 86,70 70,92 50,94 30,92 14,70 14,30 18,4 28,14")
    wing = smooth("16,44 27,56 27,76 16,84 8,68")
    feet = [oval(x, 0.94, 0.035, 0.045) for x in (0.37, 0.43, 0.57, 0.63)]
    beak = poly("44,42 56,42 50,54")
    eyes = *eye(0.34, 0.33, 0.15), *eye(0.66, 0.33, 0.15)
    return (
        fill(Role.GOLD, *feet),
        fill(Role.BODY, body),
        fill(Role.DEEP, wing),
        fill(Role.DEEP, flip(wing)),
        *eyes,
        fill(Role.GOLD, beak),
    )
