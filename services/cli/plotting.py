"""Plot bars with intervals and curves over a logarithmic axis. Knows numbers and pixels only.

Sizes that functions take are nominal, as in `drawing`; values are shown as they come, percent say.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from services.cli.drawing import GREY, GROUND, INK, LINE, SCALE, WHITE, typeface, words

BLUE, GREEN, RED, PALE = "#2f6fed", "#18a058", "#d9534f", "#9db4d6"
LABEL, BAR, PITCH, TEXT = 250, 520, 26, 14
CURVE_SIDE, CURVE_PAD = (460, 320), 52


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar: its value, and half the width of its interval or None. colour: of the bar."""

    label: str
    value: float
    half: float | None = None
    colour: str = PALE


@dataclass(frozen=True, kw_only=True)
class Point:
    """One point of a curve; x > 0."""

    x: float
    y: float
    half: float | None = None


def draw_bars(title: str, bars: Sequence[Bar], base: float) -> Image.Image:
    """Return a bar a line, with its interval and its value, and a line down at `base`."""
    highest = max([*(bar.value + (bar.half or 0) for bar in bars), base, 1e-9])
    head = words(title, 18, width=LABEL + BAR)
    sheet = _sheet(LABEL + BAR + 90, PITCH * len(bars) + 12, head)
    draw, top = ImageDraw.Draw(sheet), head.height + 8 * SCALE
    unit = BAR * SCALE / highest
    left = LABEL * SCALE
    for number, bar in enumerate(bars):
        y = top + number * PITCH * SCALE
        _bar(draw, bar, (left, y), unit)
    x = left + base * unit
    draw.line([(x, top - 4 * SCALE), (x, top + len(bars) * PITCH * SCALE)], INK, SCALE)
    return sheet


def _bar(draw: ImageDraw.ImageDraw, bar: Bar, at: tuple[float, float], unit: float) -> None:
    left, y = at
    middle = y + PITCH * SCALE / 2
    end = left + bar.value * unit
    draw.text((left - 8 * SCALE, middle), bar.label, INK, typeface(TEXT), anchor="rm")
    draw.rectangle((left, y + 4 * SCALE, end, y + (PITCH - 4) * SCALE), bar.colour)
    reach = (bar.half or 0) * unit
    if reach:
        _whisker(draw, (max(end - reach, left), middle), (end + reach, middle))
    right = left + (BAR + 60) * SCALE
    draw.text((right, middle), f"{bar.value:.1f}", GREY, typeface(TEXT), anchor="rm")


def draw_curve(title: str, axes: tuple[str, str], points: Sequence[Point]) -> Image.Image:
    """Return a curve over a logarithmic x axis, with intervals. axes: names of x and y."""
    head = words(title, 18, width=CURVE_SIDE[0])
    sheet = _sheet(CURVE_SIDE[0] + 2 * CURVE_PAD, CURVE_SIDE[1] + 2 * CURVE_PAD, head)
    frame = _Frame(points, head.height)
    draw = ImageDraw.Draw(sheet)
    left, top, right, bottom = frame.box
    draw.rectangle(frame.box, GROUND)
    for tick in frame.ticks:
        y = frame.place(points[0].x, tick)[1]
        draw.line([(left, y), (right, y)], LINE, SCALE)
        draw.text((left - 6 * SCALE, y), f"{tick:g}", GREY, typeface(12), anchor="rm")
    for point in points:
        x = frame.place(point.x, point.y)[0]
        draw.text((x, bottom + 6 * SCALE), short(point.x), GREY, typeface(12), anchor="mt")
    middle = (left + right) / 2, bottom + 26 * SCALE
    draw.text(middle, axes[0], INK, typeface(TEXT), anchor="mt")
    draw.text((left, top - 6 * SCALE), axes[1], INK, typeface(TEXT), anchor="lb")
    places = [frame.place(point.x, point.y) for point in points]
    draw.line(places, BLUE, 2 * SCALE, joint="curve")
    for point, (x, y) in zip(points, places, strict=True):
        if point.half:
            ends = [frame.place(point.x, point.y + sign * point.half) for sign in (-1, 1)]
            _whisker(draw, ends[0], ends[1])
        radius = 4 * SCALE
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), BLUE)
    return sheet


class _Frame:
    """Where values lie on the sheet."""

    def __init__(self, points: Sequence[Point], top: int) -> None:
        ends = [p.y + sign * (p.half or 0) for p in points for sign in (-1, 1)]
        self._step = _step(max(ends) - min(ends))
        self._low = math.floor(min(ends) / self._step) * self._step
        self._high = math.ceil(max(ends) / self._step + 1e-9) * self._step
        self._logs = min(math.log(p.x) for p in points), max(math.log(p.x) for p in points)
        left, upper = CURVE_PAD * SCALE, top + 30 * SCALE
        self.box = left, upper, left + CURVE_SIDE[0] * SCALE, upper + CURVE_SIDE[1] * SCALE

    @property
    def ticks(self) -> list[float]:
        """Round values of y, from the lowest line to the highest."""
        num = round((self._high - self._low) / self._step)
        return [round(self._low + n * self._step, 9) for n in range(num + 1)]

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return the pixel of a value; a single x lies in the middle."""
        left, top, right, bottom = self.box
        low, high = self._logs
        inner = 24 * SCALE
        share = (math.log(x) - low) / (high - low) if high > low else 0.5
        height = (y - self._low) / (self._high - self._low)
        across = left + inner + share * (right - left - 2 * inner)
        return across, bottom - height * (bottom - top)


def _whisker(
    draw: ImageDraw.ImageDraw, one: tuple[float, float], other: tuple[float, float]
) -> None:
    """Draw an interval, flat or upright, with a short stroke across at either end."""
    draw.line([one, other], INK, SCALE)
    flat = one[1] == other[1]
    dx, dy = (0, 4 * SCALE) if flat else (4 * SCALE, 0)
    for x, y in (one, other):
        draw.line([(x - dx, y - dy), (x + dx, y + dy)], INK, SCALE)


def _step(span: float) -> float:
    """Return a round step that cuts a span into some five parts."""
    rough = max(span, 1e-6) / 5
    power: float = 10.0 ** math.floor(math.log10(rough))
    return next(power * n for n in (1, 2, 5, 10) if power * n >= rough)


def short(value: float) -> str:
    """Return a number of records as people read it: 1.2k, 26M."""
    for unit, name in ((1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{value / unit:.3g}{name}"
    return f"{value:g}"


def _sheet(width: int, height: int, head: Image.Image) -> Image.Image:
    sheet = Image.new("RGB", (width * SCALE, height * SCALE + head.height), WHITE)
    sheet.paste(head, (0, 0))
    return sheet
