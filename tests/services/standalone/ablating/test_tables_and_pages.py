"""A result by hand becomes a table, a plot and a page beside the paper's numbers."""

from typing import Any

import pytest

from benchmarks.ablation_emoji import figures_of as benchmark_figures
from benchmarks.ablations.page import make_page
from services.cli.ablation_plot import draw_ablation, scaling_points
from services.cli.plotting import Point, draw_curve, short
from services.standalone.ablating.comparing import compare
from services.standalone.ablating.figures import figures_of, means_of
from services.standalone.ablating.paper import NEGATIVES, NUM_PAIRS, SCALING, SPACES
from services.standalone.ablating.switches import built_in
from services.standalone.ablating.table import make_table

COMPOSED = {
    "full": (0.80, 0.82, 0.81),
    "in-batch-only": (0.30, 0.33, 0.31),
    "no-mined-negatives": (0.80, 0.81, 0.82),
    "space-caption": (0.90, 0.92, 0.91),
    "size-1/4": (0.60, 0.62, 0.61),
    "size-1": (0.70, 0.72, 0.74),
}
"""By switch and seed. In-batch only is surely worse, as in the paper; without mined negatives
nothing can be told; caption alone is surely better, unlike in the paper."""


def run(switch: str, seed: int, composed: float) -> dict[str, Any]:
    return {
        "switch": switch, "seed": seed, "run": f"r{seed}", "published": seed != 2 or composed > 0.5,
        "figures": {"composed": composed, "composed/skin_tone": composed / 2, "image_only": 0.1},
        "before": {"composed": 0.2, "composed/skin_tone": 0.1, "image_only": 0.05},
        "learnt": 1000 if switch == "size-1/4" else 4000 + seed, "seconds": 9.0, "adopted": {},
    }  # fmt: skip


@pytest.fixture
def found() -> dict[str, Any]:
    runs = [run(s, seed, value) for s in COMPOSED for seed, value in enumerate(COMPOSED[s])]
    failed = {"switch": "space-visual_pattern", "seed": 0, "error": "the disk is full"}
    names = [*COMPOSED, "space-visual_pattern"]
    return {
        "preset": "laptop", "vary": "all", "seeds": [0, 1, 2], "runs": [*runs, failed],
        "switches": {n: {"group": built_in()[n].group, "about": "", "changes": {}} for n in names},
        "means": means_of(runs),
    }  # fmt: skip


def test_figures_are_read_from_a_report_under_flat_names() -> None:
    after = {"composed": {"recall@1": 0.5}, "text_to_image": {"recall@1": 0.25}}
    before = {"composed": {"recall@1": 0.1}}
    report = {
        "quality": {"after": after, "before": before,
                    "by_task": {"style": {"after": {"composed": {"recall@1": 0.75}},
                                          "before": {"composed": {"recall@1": 0.2}}}}},
        "training": {"published": True, "validation": {"trained": {"composed": 0.9},
                                                       "untrained": {"composed": 0.3}}},
    }  # fmt: skip
    told = figures_of(report)
    assert told.pop("text_to_image") == 0.25
    assert told == {"composed": 0.5, "composed/style": 0.75, "validation/composed": 0.9}
    told = figures_of(report, "before")
    assert told == {"composed": 0.1, "composed/style": 0.2, "validation/composed": 0.3}
    report["training"]["published"] = False
    assert figures_of(report)["validation/composed"] == 0.3


def test_the_table_has_a_row_a_switch_and_bold_differences_that_are_sure(
    found: dict[str, Any],
) -> None:
    rows = {line.split(" | ")[0].strip("| `"): line for line in make_table(found).splitlines()}
    assert "skin tone" in rows["switch"]
    assert rows["untrained"].startswith("| untrained | 20.0 |")
    assert rows["full"].startswith("| `full` | 81.0 ± 2.5 |  |")
    assert "**-49.7 ± " in rows["in-batch-only"]
    assert "| +0.0 ± 2.5 |" in rows["no-mined-negatives"]
    assert "4,000 – 4,002" in rows["full"]
    assert rows["in-batch-only"].endswith("| 3, 2 published |")
    assert "* `space-visual_pattern`, seed 0: the disk is full" in make_table(found)


def test_directions_are_compared_with_the_paper_s(found: dict[str, Any]) -> None:
    verdicts = {c.row.switch: c.verdict for c in compare(NEGATIVES, found["means"])}
    assert verdicts == {"in-batch-only": "agrees", "no-mined-negatives": "not told apart",
                        "full": "base"}  # fmt: skip
    spaces = {c.row.switch: c for c in compare(SPACES, found["means"])}
    assert spaces["space-caption"].theirs < 0
    assert spaces["space-caption"].verdict == "differs"
    assert (spaces["space-visual_pattern"].verdict, spaces["space-visual_pattern"].mean) == (
        "",
        None,
    )


def test_the_paper_s_numbers_are_whole() -> None:
    assert {len(curve) for curve in SCALING.values()} == {len(NUM_PAIRS)}
    assert NEGATIVES.rows[-1].scores == SPACES.rows[-1].scores  # both name the same training
    assert NEGATIVES.difference("in-batch-only") == pytest.approx(12.5 - 28.275)


def test_the_page_has_both_tables_the_curves_and_the_notes_by_hand(found: dict[str, Any]) -> None:
    result = {"details": found, "date": "2026-11-21", "machine": {"cores": 2, "cpu": "CPU"}}
    notes = {"space-caption": "Captions say\n  all.", "full": "The base.", "nowhere": "unused"}
    page = make_page(result, notes)
    assert "| in-batch only | `in-batch-only` | 10.1 | 0.2 | 25.3 | 14.4 | -15.8 | 31.3 ±" in page
    assert "* `space-caption`: Captions say all." in page
    assert "unused" not in page
    assert "| `size-1/4` | 1,000 | 61.0 ± 2.5 |" in page
    assert "| 26,000,000 | 34.3 | 38.3 | 31.9 | 18.0 | 30.6 |" in page
    assert make_page(result, notes) == page


def test_the_benchmark_counts_directions(found: dict[str, Any]) -> None:
    figures = benchmark_figures(found)
    assert (figures["runs"], figures["failed"]) == (19, 1)
    assert (figures["directions_agree"], figures["directions_differ"]) == (1, 1)


def test_the_plot_has_bars_and_our_curve_beside_the_paper_s(found: dict[str, Any]) -> None:
    assert [round(point.x) for point in scaling_points(found)] == [1000, 4001]
    plot = draw_ablation(found)
    assert plot is not None
    colours = {colour for _, colour in plot.getcolors(1 << 24) or ()}
    for wanted in ((47, 111, 237), (24, 160, 88), (217, 83, 79)):  # the base, better, worse
        assert wanted in colours
    found["means"] = {}
    assert draw_ablation(found) is None


def test_points_of_a_curve_lie_at_the_logarithm_of_x() -> None:
    points = [Point(x=1, y=0), Point(x=10, y=1, half=0.1), Point(x=1000, y=2)]
    picture = draw_curve("a curve", ("x", "y"), points)
    blue = (47, 111, 237)
    pixels = picture.load()
    assert pixels is not None
    columns = [
        x for x in range(picture.width) for y in range(picture.height) if pixels[x, y] == blue
    ]
    left, right = min(columns), max(columns)
    counts = {x: columns.count(x) for x in range(left, right + 1)}
    third = left + (right - left) / 3
    around = range(round(third) - 12, round(third) + 13)
    thickest = max(range(left + 30, right - 30), key=lambda x: counts[x])
    assert thickest in around


def test_an_ablation_without_a_finished_run_says_so() -> None:
    failed = {"switch": "full", "seed": 0, "error": "the disk is full"}
    told = make_table({"means": {}, "runs": [failed], "switches": {"full": {}}, "seeds": [0]})
    assert told.startswith("No run has come to an end.")
    assert "the disk is full" in told


def test_numbers_of_records_are_shown_short() -> None:
    assert [short(n) for n in (42, 128_000, 1_500_000, 26_000_000)] == ["42", "128k", "1.5M", "26M"]
