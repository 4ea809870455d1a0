"""Mine and train on the emoji train split, evaluate on concepts that were never seen.

Needs the shared corpora. The seconds are those of the whole command, decoding to report.
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
    "composed_recall_at_1": "≥ 0.45",
    "best_control_recall_at_1": "stated",
    "seconds": "≤ 900",
}


def measure() -> tuple[dict[str, float], dict[str, Any]]:
    """Run the laptop preset and read its report."""
    emoji = Path(os.environ.get("PAIRMILL_CORPORA", "../shared/corpora")) / "fluent-emoji"
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        command = [
            sys.executable, "-m", "services.cli", "run", "--preset", "laptop",
            "--corpus", str(emoji / "train-*.tar"), "--gallery", str(emoji / "test-*.tar"),
            "--benchmark", str(emoji / "benchmark.jsonl"), "--out", folder,
        ]  # fmt: skip
        subprocess.run(command, check=True)
        seconds = time.monotonic() - started
        (path,) = Path(folder).glob("runs/*/report.json")
        report = json.loads(path.read_text())
    return figures_of(report, seconds), {
        key: report[key] for key in ("counts", "rejects", "seconds", "quality", "training")
    }


def figures_of(report: dict[str, Any], seconds: float) -> dict[str, float]:
    """Return the composed recall and the best of the three controls."""
    quality = report["quality"]
    controls = (
        quality["raw"]["image_only"],
        quality["after"]["image_only"],
        quality["after"]["text_only"],
    )
    return {
        "composed_recall_at_1": quality["after"]["composed"]["recall@1"],
        "best_control_recall_at_1": max(control["recall@1"] for control in controls),
        "seconds": round(seconds, 1),
    }
