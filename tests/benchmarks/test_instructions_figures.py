"""The figures of the benchmark `instructions`, from a result made by hand."""

from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

import benchmarks
from benchmarks.instructions import ARMS, figures_of, gain_of_gates
from pairmill.config.gating import GateName
from services.standalone.ablating.figures import means_of

COMPOSED = {
    "full": [0.60, 0.61, 0.62], "model-ungated": [0.50, 0.51, 0.52],
    "model-gated": [0.55, 0.56, 0.57], "both": [0.61, 0.62, 0.63],
}  # fmt: skip


def result(learnt: int = 600) -> dict[str, Any]:
    runs = [
        {"switch": switch, "seed": seed, "learnt": 600 if switch == "full" else learnt,
         "figures": {"composed": value}}
        for switch, values in COMPOSED.items() for seed, value in enumerate(values)
    ]  # fmt: skip
    return {"runs": runs, "means": means_of(runs)}


def test_each_arm_has_its_mean_and_the_interval_of_three_seeds() -> None:
    figures = figures_of(result())
    assert set(figures) == {f"{a}{b}" for a in ARMS for b in ("", "_low", "_high")}
    half = 4.303 * 0.01 / 3**0.5
    assert figures["rules"] == 0.61
    assert figures["model_gated_low"] == pytest.approx(0.56 - half, abs=1e-4)
    assert figures["both_high"] == pytest.approx(0.62 + half, abs=1e-4)


def test_what_the_gates_add_is_taken_within_each_seed() -> None:
    assert gain_of_gates(result()) == {"mean": 0.05, "mean_low": 0.05, "mean_high": 0.05}


def test_arms_that_learnt_from_more_or_fewer_triplets_are_not_compared() -> None:
    with pytest.raises(ValueError, match="wanted one number"):
        figures_of(result(learnt=599))


def test_ungated_means_without_any_gate() -> None:
    file = Path(benchmarks.__file__).parent / "ablations" / "instructions.yaml"
    switches = {name: values for each in yaml.safe_load(file.read_text("utf-8"))["switches"]
                for name, values in each.items()}  # fmt: skip
    assert tuple(switches["model-ungated"]["gating"]["skip"]) == get_args(GateName)
