"""Ablate every built-in switch on the emoji corpus; an hour or more, and it may be stopped.

Needs the shared corpora. Runs lie in the folder that PAIRMILL_ABLATION names, or in one of the
system's for what is temporary; started again, the benchmark goes on there.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.ablations.page import PLOT
from services.standalone.ablating.comparing import AGREES, DIFFERS, UNTOLD, compare
from services.standalone.ablating.paper import NEGATIVES, SPACES

GOALS = {
    "runs": "stated",
    "failed": "0",
    "query_negative_gain": "stated",
    "directions_agree": "stated",
    "directions_differ": "stated, each with a reason",
    "directions_not_told_apart": "stated",
}
HERE = Path(__file__).parent


def measure() -> tuple[dict[str, Any], dict[str, Any]]:
    """Run the ablation and read its result; the plot goes beside the page."""
    os.environ.setdefault("PAIRMILL_CORPORA", str(HERE.parent.parent / "shared" / "corpora"))
    temporary = Path(tempfile.gettempdir()) / "pairmill-ablation-emoji"
    out = Path(os.environ.get("PAIRMILL_ABLATION", temporary))
    command = [sys.executable, "-m", "services.cli", "ablate", "--out", str(out),
               "--config", str(HERE / "ablations" / "emoji.yaml")]  # fmt: skip
    subprocess.run(command, check=False)  # a run that failed is one of the figures
    found = json.loads((out / "ablation.json").read_text("utf-8"))
    PLOT.write_bytes((out / "ablation.png").read_bytes())
    return figures_of(found), found


def figures_of(found: dict[str, Any]) -> dict[str, Any]:
    """Return how many runs there were, and how many directions are those of the paper."""
    verdicts = [c.verdict for table in (NEGATIVES, SPACES) for c in compare(table, found["means"])]
    runs = found["runs"]
    figures: dict[str, Any] = {"runs": len(runs), "failed": sum("error" in run for run in runs)}
    without = found["means"].get("no-query-negative", {}).get("composed")
    if without and without["difference"]:
        figures["query_negative_gain"] = round(-without["difference"]["mean"], 4)
    return figures | {
        "directions_agree": verdicts.count(AGREES),
        "directions_differ": verdicts.count(DIFFERS),
        "directions_not_told_apart": verdicts.count(UNTOLD),
    }
