"""Train on instructions by rules, by a small language model without and with gates, and by both.

Needs the shared corpora and the extra `gemma`. Runs and answers lie in the folder that
PAIRMILL_INSTRUCTIONS names, or in one of the system's for what is temporary; started again, the
benchmark goes on there, and what the model has answered is not asked again.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pairmill.settings import read_settings
from services.standalone.ablating.comparing import to_mean
from services.standalone.ablating.weighing import BySeed, Mean, difference
from services.standalone.gemma import Serving, free_cores, joined_weights, serve

ARMS = {"rules": "full", "model_ungated": "model-ungated", "model_gated": "model-gated",
        "both": "both"}  # fmt: skip
"""The figures, and the switches that they are of."""
GOALS = {f"{arm}{bound}": "stated" for arm in ARMS for bound in ("", "_low", "_high")} | {
    "model_gated": "> model_ungated, beyond the interval", "both": "≥ rules",
}  # fmt: skip
HERE = Path(__file__).parent


def measure() -> tuple[dict[str, Any], dict[str, Any]]:
    """Have the model write, where it has not, and train every arm with every seed."""
    os.environ.setdefault("PAIRMILL_CORPORA", str(HERE.parent.parent / "shared" / "corpora"))
    temporary = Path(tempfile.gettempdir()) / "pairmill-instructions"
    out = Path(os.environ.get("PAIRMILL_INSTRUCTIONS", temporary))
    command = [sys.executable, "-m", "services.cli", "ablate", "--out", str(out),
               "--config", str(HERE / "ablations" / "instructions.yaml")]  # fmt: skip
    with serve(joined_weights(read_settings().cache), Serving(threads=free_cores())) as url:
        environment = os.environ | {"PAIRMILL_CHAT__BASE_URL": url}
        subprocess.run(command, check=True, env=environment)
    found = json.loads((out / "ablation.json").read_text("utf-8"))
    return figures_of(found), found | {"gated_over_ungated": gain_of_gates(found)}


def figures_of(found: Mapping[str, Any]) -> dict[str, float]:
    """Return each arm's mean of composed recall@1 over seeds, and its 95 % interval.

    Raises ValueError where arms did not learn from equally many triplets.
    """
    nums = {run["learnt"] for run in found["runs"]}
    if len(nums) != 1:
        raise ValueError(f"triplets learnt from: got {sorted(nums)}, wanted one number")
    figures: dict[str, float] = {}
    for name, switch in ARMS.items():
        mean = to_mean(found["means"][switch]["composed"])
        assert mean, switch
        figures |= _with_interval(name, mean)
    return figures


def gain_of_gates(found: Mapping[str, Any]) -> dict[str, float]:
    """Return what the gates add to the model's instructions, seed by seed, with its interval."""
    gated, ungated = (_by_seed(found, ARMS[name]) for name in ("model_gated", "model_ungated"))
    gain = difference(gated, ungated)
    assert gain, "no seed has both"
    return _with_interval("mean", gain)


def _by_seed(found: Mapping[str, Any], switch: str) -> BySeed:
    return {run["seed"]: run["figures"]["composed"]
            for run in found["runs"] if run["switch"] == switch}  # fmt: skip


def _with_interval(name: str, mean: Mean) -> dict[str, float]:
    half = mean.half or 0.0
    return {name: round(mean.mean, 4), f"{name}_low": round(mean.mean - half, 4),
            f"{name}_high": round(mean.mean + half, 4)}  # fmt: skip
