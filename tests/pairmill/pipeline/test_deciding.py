"""Which stages a changed value of the configuration makes anew: all that read it and what follows,
and no others. A test in services/standalone/ablating watches stages as they read.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel

from pairmill.config import RunConfig
from pairmill.pipeline.deciding import DECIDED_BY, key_of, values_of
from pairmill.pipeline.graph import Graph, RunSpec
from pairmill.pipeline.plan import PLAN

SPEC = RunSpec(name="r", corpus="c", config=RunConfig(), encoder_id="e", gallery="g")
RUN_STAGES = {stage.name for stage in PLAN if stage.home == "run"}
GATED = {"gate", "split", "train", "evaluate"}
MINED = {"bands", "mine", "select", "describe", "instruct"} | GATED
EDITED = {"edit", "embed_edits", "split", "train", "evaluate"}
INSTRUCTED = {"instruct"} | GATED
DESCRIBED = {"describe"} | INSTRUCTED
ANSWERED_BY = ("adapter", "model", "json_schema", "template", "vllm")
OF_PART: dict[str, set[str]] = {
    "preset": set(),
    "seed": MINED | EDITED,
    "ingest": RUN_STAGES,
    "encoder": {"embed_edits"} | GATED,
    "captioning": set(),  # all that only a language model would read
    "captioning.captioner": MINED,
    "captioning.min_probability": MINED,
    "captioning.southern": MINED,
    "mining": MINED - {"bands"},
    "mining.spaces": MINED,
    "mining.band": MINED,
    "mining.per_space": MINED,
    "mining.cells": MINED,
    "describing": DESCRIBED,
    "instructing": INSTRUCTED,
    **{f"{part}.chat": set() for part in ("describing", "instructing", "gating.judging")},
    **{f"describing.chat.{name}": DESCRIBED for name in ANSWERED_BY},
    **{f"instructing.chat.{name}": INSTRUCTED for name in ANSWERED_BY},
    **{f"gating.judging.chat.{name}": GATED for name in ANSWERED_BY},
    "gating": GATED,
    "gating.floor": GATED - {"gate"},
    "gating.floor_least": GATED - {"gate"},
    "gating.floor_action": GATED - {"gate"},
    "editing": EDITED,
    "training": {"train", "evaluate"},
    "training.held_out": {"split", "train", "evaluate"},
    "evaluation": {"evaluate"},
    "prices": set(),
}
"""By part, or by the longest name that fits: the run's stages that a change makes anew."""


def leaves(part: BaseModel, before: str = "") -> Iterator[tuple[str, Any]]:
    for name in type(part).model_fields:
        value = getattr(part, name)
        if isinstance(value, BaseModel):
            yield from leaves(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


LEAVES = dict(leaves(RunConfig()))


def changed(path: str) -> RunConfig:
    """Return the configuration with another value at a path, be it one that nobody may set."""
    found: Any = _other(LEAVES[path])
    names = path.split(".")
    for depth in range(len(names) - 1, -1, -1):
        part: Any = RunConfig()
        for name in names[:depth]:
            part = getattr(part, name)
        found = part.model_copy(update={names[depth]: found})
    return found  # type: ignore[no-any-return]


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return value + "1"
    if isinstance(value, int | float):
        return value + 1
    return {"other": 1} if isinstance(value, dict) else (*(value or ()), "other")


def moved(one: RunSpec, other: RunSpec) -> set[str]:
    """Return the run's stages whose keys differ."""
    keys = {node.name: key_of(Graph(one), node) for node in Graph(one).nodes}
    return {
        node.name for node in Graph(other).nodes
        if node.name in RUN_STAGES and keys[node.name] != key_of(Graph(other), node)
    }  # fmt: skip


def wanted(path: str) -> set[str]:
    fits = [name for name in OF_PART if path == name or path.startswith(name + ".")]
    return OF_PART[max(fits, key=len)]


def test_every_stage_of_a_run_is_decided_by_something_that_there_is() -> None:
    assert set(DECIDED_BY) == RUN_STAGES
    for paths in DECIDED_BY.values():
        values_of(RunConfig(), paths)


def test_every_part_of_the_configuration_is_looked_at() -> None:
    assert {path.partition(".")[0] for path in LEAVES} == {n.partition(".")[0] for n in OF_PART}


@pytest.mark.filterwarnings("ignore:Pydantic serializer")
@pytest.mark.parametrize("path", LEAVES)
def test_a_changed_value_makes_the_right_stages_anew_and_no_others(path: str) -> None:
    found = moved(SPEC, replace(SPEC, config=changed(path)))
    if path.startswith("encoder."):  # most decide the corpus's features, and so all the rest
        assert found in (wanted(path), RUN_STAGES, RUN_STAGES - {"edit"})
    else:
        assert found == wanted(path)


def test_another_benchmark_gallery_or_encoder_is_other_work() -> None:
    others = [replace(SPEC, benchmark="b"), replace(SPEC, encoder_id="e2"),
              replace(SPEC, corpus="d"), replace(SPEC, protected="p")]  # fmt: skip
    assert all(moved(SPEC, other) == RUN_STAGES for other in others)


def test_the_name_of_a_run_decides_nothing() -> None:
    assert moved(SPEC, replace(SPEC, name="another")) == set()


def test_a_part_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        values_of(RunConfig(), ("mining.nothing",))
