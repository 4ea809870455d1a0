"""The figures of runs and their means, as plain values under flat names. Knows reports; runs
nothing.

Names: `composed`, `image_only`, … are recall@1 of the benchmark by the published retriever,
`composed/<task>` that of one task, `validation/<kind>` that of the held-out images.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from services.standalone.ablating.switches import FULL
from services.standalone.ablating.weighing import difference, mean_of

METRIC = "recall@1"
Result = Mapping[str, Any]
"""One run: switch, seed, run, figures, published, triplets, seconds, adopted."""


def figures_of(report: Mapping[str, Any], when: str = "after") -> dict[str, float]:
    """Return a report's figures; when: `after` or `before` training."""
    quality = report["quality"]
    found = {kind: means[METRIC] for kind, means in quality.get(when, {}).items()}
    for task, tree in quality["by_task"].items():
        if "composed" in tree[when]:
            found[f"composed/{task}"] = tree[when]["composed"][METRIC]
    state = "trained" if when == "after" and report["training"]["published"] else "untrained"
    validation = report["training"]["validation"].get(state, {})
    return found | {f"validation/{kind}": value for kind, value in validation.items()}


def means_of(results: Sequence[Result]) -> dict[str, Any]:
    """Return, by switch and figure, `mean`, `half` and `num`, and in `difference` the same of what
    the switch has more than the base."""
    by_switch = _values(results)
    base = by_switch.get(FULL, {})
    found: dict[str, Any] = {}
    for switch, figures in by_switch.items():
        found[switch] = {}
        for name, values in figures.items():
            less = difference(values, base.get(name, {})) if switch != FULL else None
            found[switch][name] = {
                **asdict(mean_of(list(values.values()))),
                "difference": asdict(less) if less else None,
            }
    return found


def _values(results: Sequence[Result]) -> dict[str, dict[str, dict[int, float]]]:
    found: dict[str, dict[str, dict[int, float]]] = {}
    for result in results:
        for name, value in result["figures"].items():
            of_switch = found.setdefault(result["switch"], {})
            of_switch.setdefault(name, {})[result["seed"]] = value
    return found
