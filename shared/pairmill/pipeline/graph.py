"""The plan laid over one run: every node's place, its inputs and where it commits.

Knows the plan and the configuration; knows no stage's code and reads no object.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from pairmill.config import RunConfig
from pairmill.core.ids import digest_of
from pairmill.core.prompting.caption import ask_for_caption
from pairmill.pipeline.plan import PLAN, Stage

ALL = "all"
"""The name of the one shard of a stage that gathers."""
CAPTIONED_BY = {"captioner", "min_probability", "southern"}
"""What of `captioning` decides the captions that `embed` makes; the rest is for language models."""
ANSWERED_BY: Any = {
    **dict.fromkeys(("adapter", "model", "json_schema", "template"), True), "vllm": {"revision"},
}  # fmt: skip
"""What of a `chat` names its answers; the rest decides when, and where."""
OPTIONAL: Mapping[str, Callable[[RunConfig], bool]] = {
    "caption": lambda config: config.captioning.captioner == "llm",
}
"""Whether a run has an optional stage. Gone from the graph, it moves no other stage's commits."""


@dataclass(frozen=True, kw_only=True)
class RunSpec:
    """One run: its name, its corpus, the gallery and benchmark if any, and its configuration.

    gallery: name of a gallery of its own images; empty where the corpus is searched.
    benchmark: sha256 of the benchmark's bytes, or empty. protected: digest of the corpus's
    image keys that no filter may drop; of a gallery none may be dropped.
    """

    name: str
    corpus: str
    config: RunConfig
    encoder_id: str
    gallery: str = ""
    benchmark: str = ""
    protected: str = ""


@dataclass(frozen=True, kw_only=True)
class Node:
    """One stage at one place. takes: names of the nodes it reads, the first giving its shards."""

    name: str
    stage: Stage
    home: str
    commits: str
    takes: tuple[str, ...]
    whole: frozenset[str]

    @property
    def of_gallery(self) -> bool:
        """Whether it runs on the gallery's own images."""
        return self.name.endswith("@gallery")


@dataclass(frozen=True)
class Graph:
    """All nodes of a run in an order in which each follows what it takes."""

    spec: RunSpec

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """Every node, inputs first."""
        found: list[Node] = []
        for stage in filter(self._has, PLAN):
            if stage.gallery and self.spec.gallery:
                found.append(self._node(stage, of_gallery=True))
            found.append(self._node(stage, of_gallery=False))
        return tuple(found)

    def node(self, name: str) -> Node:
        """Return the node of that name; KeyError if the run has none."""
        for node in self.nodes:
            if node.name == name:
                return node
        raise KeyError(f"run {self.spec.name!r} has no node {name!r}")

    def _has(self, stage: Stage) -> bool:
        return not stage.optional or OPTIONAL[stage.name](self.spec.config)

    def _takes(self, stage: Stage, of_gallery: bool) -> tuple[str, ...]:
        """Return the stages that it takes in this run, an optional one that it follows first."""
        before = [s.name for s in filter(self._has, PLAN)
                  if s.name == stage.follows and (s.gallery or not of_gallery)]  # fmt: skip
        return (*before, *stage.takes)

    def _node(self, stage: Stage, *, of_gallery: bool) -> Node:
        place = "@gallery" if of_gallery else ""
        home = self._home(stage, of_gallery)
        anew = self.spec.config.training.trainable == "all"
        taken = self._takes(stage, of_gallery) + (stage.looks if anew else ())
        local = {name for name in taken if of_gallery and _in_gallery(name)}
        takes = tuple(name + place if name in local else name for name in taken)
        whole = {name + place if name in local else name for name in stage.whole}
        commits = self._commits(stage, home, of_gallery)
        node = Node(name=stage.name + place, stage=stage, home=home, commits=commits, takes=takes,
                    whole=frozenset(whole))  # fmt: skip
        return self._with_gallery(node)

    def _with_gallery(self, node: Node) -> Node:
        """Mining, editing and training must know the gallery's images to leave them out; evaluation
        searches them."""
        extra = {"mine": ("dedupe@gallery",), "edit": ("dedupe@gallery",),
                 "train": ("dedupe@gallery",),
                 "evaluate": ("dedupe@gallery", "embed@gallery")}  # fmt: skip
        if not self.spec.gallery or node.name not in extra:
            return node
        names = extra[node.name]
        return replace(node, takes=(*node.takes, *names), whole=node.whole | set(names))

    def _home(self, stage: Stage, of_gallery: bool) -> str:
        if stage.home == "run":
            return f"runs/{self.spec.name}"
        if of_gallery:
            return f"galleries/{self.spec.gallery}"
        searched = stage.name == "index"
        return f"galleries/{self.spec.corpus}" if searched else f"corpora/{self.spec.corpus}"

    def _commits(self, stage: Stage, home: str, of_gallery: bool) -> str:
        if stage.home == "run":
            return f"{home}/commits/{stage.name}"
        return f"{home}/commits/{stage.name}-{self._digest(stage, of_gallery)}"

    def _digest(self, stage: Stage, of_gallery: bool) -> str:
        """Digest of all that decides a corpus stage's bytes, the stages before it included."""
        spec = self.spec
        protected = "all" if of_gallery else spec.protected
        own: dict[str, object] = {
            "ingest": {"config": spec.config.ingest.model_dump(), "protected": protected},
            "dedupe": {},
            "caption": self._asked(),
            # threads are not part of it: no byte of the features depends on them
            "embed": {
                "batch": spec.config.encoder.batch,
                "encoder": spec.encoder_id,
                "captioning": spec.config.captioning.model_dump(include=CAPTIONED_BY),
            },
            "index": {"run": spec.name},
        }
        takes = self._takes(stage, of_gallery)
        taken = [s for s in PLAN if s.name in takes and s.home == "corpus"]
        before = [self._digest(s, of_gallery) for s in taken]
        named = {"stage": stage.name, "version": stage.version, "own": own[stage.name]}
        return digest_of({**named, "before": before}, length=8)

    def _asked(self) -> dict[str, object]:
        """Return what decides a model's captions. No seed: runs of any seed share them."""
        own = self.spec.config.captioning
        return {
            "prompt": ask_for_caption().version,
            "asking": own.asking.model_dump(),
            "max_pixels": own.max_pixels,
            "chat": own.chat.model_dump(include=ANSWERED_BY),
        }


def _in_gallery(name: str) -> bool:
    return any(stage.name == name and stage.gallery for stage in PLAN)


def cost_key(node: Node, shard: str) -> str:
    """Return where a task's seconds and attempts lie, apart from its commit."""
    return f"{node.commits.replace('/commits/', '/costs/')}/{shard}.json"


def progress_key(run: str, node: str) -> str:
    """Return where a job leaves its progress."""
    return f"runs/{run}/progress/{node}.json"
