"""Which parts of a configuration decide which stage: the one place that says so.

Knows the plan and the configuration; reads no object. Two runs whose keys of a node are equal do
equal work there, whatever else differs between them. A stage may be said to read more than it
does, which costs time; never less, which would give one run another's results.
"""

from collections.abc import Mapping
from typing import Any

from pairmill.config import RunConfig
from pairmill.core.ids import digest_of
from pairmill.pipeline.graph import Graph, Node

CAPTIONING = ("captioning.captioner", "captioning.min_probability", "captioning.southern")


def _asked(part: str) -> tuple[str, ...]:
    """What decides a language model's answers: not where it is, nor how fast or how patiently it is
    asked."""
    chat = ("adapter", "model", "json_schema", "template", "vllm")
    return (f"{part}.asking", *(f"{part}.chat.{name}" for name in chat))


def _of(part: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{part}.{name}" for name in names)


DECIDED_BY: Mapping[str, tuple[str, ...]] = {
    "bands": ("seed", "mining.spaces", "mining.band", "mining.per_space", "mining.cells"),
    "mine": ("seed", "mining"),
    "select": ("seed", "mining"),
    "describe": (
        "seed", *CAPTIONING, "describing.describer", "describing.max_differences",
        "describing.captions", "describing.words", "describing.max_pixels", *_asked("describing"),
    ),
    "instruct": (
        "seed", "instructing.instructor", "instructing.per_pair", "instructing.max_chars",
        "instructing.tasks", "instructing.languages", "instructing.demonstrations",
        "instructing.demonstration_sets",
        "instructing.shows", "instructing.pool", *_asked("instructing"),
    ),
    "gate": (
        "seed", "encoder", *CAPTIONING, "instructing.instructor", "instructing.languages",
        "instructing.pool",
        *_of("gating", "authors", "skip", "min_kept", "min_words", "max_words", "min_chars",
             "max_chars", "language_share", "copy_words", "copy_share", "leaked_words", "alike",
             "names_target", "answerable", "least_lead"),
        *_of("gating.judging", "judge", "least", "negatives", "margin", "contrast", "likeness",
             "likeness_alone", "captions", "max_pixels"),
        *_asked("gating.judging"),
    ),
    "edit": ("seed", "editing"),
    "embed_edits": ("encoder",),
    "split": (
        "seed", "training.held_out", *_of("gating", "floor", "floor_least", "floor_action"),
    ),
    "train": ("seed", "encoder", *CAPTIONING, "training"),
    "evaluate": ("encoder", "evaluation"),
}  # fmt: skip
"""By stage at home in a run, what its own code reads of the configuration; what the stages before
it read comes on top. Corpus stages are not here: the place of their commits says it."""


def key_of(graph: Graph, node: Node) -> str:
    """Return a digest of all that decides a node's bytes but the images themselves."""
    if node.stage.home == "corpus":
        return node.commits
    spec = graph.spec
    named = {
        "stage": node.stage.name,
        "version": node.stage.version,
        "own": values_of(spec.config, DECIDED_BY[node.stage.name]),
        "run": [spec.corpus, spec.gallery, spec.benchmark, spec.protected, spec.encoder_id],
        "takes": [key_of(graph, graph.node(name)) for name in node.takes],
    }
    return digest_of(named, length=32)


def values_of(config: RunConfig, paths: tuple[str, ...]) -> dict[str, Any]:
    """Return the values at dotted paths; KeyError where there is none."""
    values = config.model_dump(mode="json")
    found: dict[str, Any] = {}
    for path in paths:
        found[path] = values
        for name in path.split("."):
            found[path] = found[path][name]
    return found
