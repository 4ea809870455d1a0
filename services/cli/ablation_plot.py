"""Plot an ablation: a bar a switch, and our scaling curve beside the paper's. Knows means and the
paper's numbers.
"""

from collections.abc import Mapping
from typing import Any

from PIL import Image

from services.cli.drawing import beside, margin, stack, words
from services.cli.plotting import BLUE, GREEN, PALE, RED, Bar, Point, draw_bars, draw_curve
from services.standalone.ablating.comparing import FIGURE, to_mean
from services.standalone.ablating.paper import NUM_PAIRS, SCALING
from services.standalone.ablating.switches import FULL

Found = Mapping[str, Any]


def draw_ablation(found: Found) -> Image.Image | None:
    """Return the plot of `ablation.json`; None where no run has come to an end."""
    bars = [_bar(switch, means) for switch, means in _means(found).items()]
    if not bars:
        return None
    base = next((bar.value for bar in bars if bar.label == FULL), 0.0)
    seeds = len(found["seeds"])
    told = f"95 % intervals over {seeds} seeds" if seeds > 1 else "one seed, no intervals"
    parts = [draw_bars(f"Composed recall@1 in percent, {told}", bars, base), *_curves(found)]
    hint = "Blue: the base. Green, red: surely better, worse than it, seed by seed."
    return margin(stack([*parts, words(hint, 13, width=700)], 24), 24)


def _curves(found: Found) -> list[Image.Image]:
    points = scaling_points(found)
    if len(points) < 2:
        return []
    ours = draw_curve("Ours: mined triplets", ("triplets", "composed recall@1, %"), points)
    theirs = [Point(x=x, y=y) for x, y in zip(NUM_PAIRS, SCALING["average"], strict=True)]
    paper = draw_curve("MegaPairs, figure 2", ("pairs", "mean of four benchmarks, %"), theirs)
    return [beside([ours, paper], 24)]


def scaling_points(found: Found) -> list[Point]:
    """Return composed recall@1, percent, of the switches of the group `sizes` by the mean number of
    triplets that their runs learnt from."""
    points = []
    for switch, means in _means(found).items():
        if found["switches"][switch]["group"] == "sizes":
            runs = [r for r in found["runs"] if r["switch"] == switch and "figures" in r]
            num = sum(run["learnt"] for run in runs) / len(runs)
            points.append(Point(x=num, y=100 * means["mean"], half=_percent(means["half"])))
    return sorted(points, key=lambda point: point.x)


def _bar(switch: str, means: Found) -> Bar:
    less = to_mean(means["difference"])
    tone = PALE if less is None or not less.sure else GREEN if less.mean > 0 else RED
    return Bar(label=switch, value=100 * means["mean"], half=_percent(means["half"]),
               colour=BLUE if switch == FULL else tone)  # fmt: skip


def _means(found: Found) -> dict[str, Any]:
    """Return the means of the one figure that is plotted, in the order of the switches."""
    means = found["means"]
    return {s: means[s][FIGURE] for s in found["switches"] if FIGURE in means.get(s, {})}


def _percent(half: float | None) -> float | None:
    return None if half is None else 100 * half
