"""Mine and train on the emoji train split, evaluate on concepts that were never seen.

Needs the shared corpora. The seconds are those of the whole command, decoding to report. Text →
image asks each of the gallery's images by its caption, where no other image bears the same one.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

GOALS = {
    "composed_recall_at_1": "≥ 0.60 and ≥ 3 × best_control_recall_at_1",
    "best_control_recall_at_1": "stated",
    "text_to_image_recall_at_1": "≥ 0.45",
    "seconds": "≤ 720",
}
EMOJI = Path(os.environ.get("PAIRMILL_CORPORA", "../shared/corpora")) / "fluent-emoji"
Quality = dict[str, Any]


def measure() -> tuple[dict[str, float], dict[str, Any]]:
    """Run the laptop preset and read its report."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        report = run_pipeline(EMOJI / "train-*.tar", Path(folder))
        seconds = time.monotonic() - started
        keys = ("counts", "rejects", "seconds", "quality", "training")
        return figures_of(report["quality"], seconds), {key: report[key] for key in keys}


def run_pipeline(corpus: Path, out: Path) -> dict[str, Any]:
    """Run the laptop preset on a corpus, judged on the emoji benchmark; return its report."""
    pairmill(
        "run", "--preset", "laptop", "--corpus", corpus, "--gallery", EMOJI / "test-*.tar",
        "--benchmark", EMOJI / "benchmark.jsonl", "--out", out,
    )  # fmt: skip
    (path,) = out.glob("runs/*/report.json")
    report: dict[str, Any] = json.loads(path.read_text())
    return report


def pairmill(*words: str | Path) -> None:
    """Run the command line as a user does."""
    subprocess.run([sys.executable, "-m", "services.cli", *map(str, words)], check=True)


def figures_of(quality: Quality, seconds: float) -> dict[str, float]:
    """Return the figures of the issue."""
    after = quality["after"]
    return {
        "composed_recall_at_1": after["composed"]["recall@1"],
        "best_control_recall_at_1": best_control(quality),
        "text_to_image_recall_at_1": after["text_to_image"]["recall@1"],
        "seconds": round(seconds, 1),
    }


def best_control(quality: Quality) -> float:
    """Return the best recall@1 of a part of the query alone: the image by raw features or by the
    trained retriever, or the text."""
    after = quality["after"]
    controls = (quality["raw"]["image_only"], after["image_only"], after["text_only"])
    return float(max(control["recall@1"] for control in controls))
