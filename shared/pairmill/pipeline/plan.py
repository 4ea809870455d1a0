"""The one list of stages: what each takes, gives and waits for. Knows no stage's code.

    source ─ingest→ images ─[dedupe]─embed→ embeddings ─[bands]─mine→ candidates ─[select]→ pairs
           ─describe→ descriptions ─instruct→ ─gate→ triplets ─[split]─train→ checkpoints ─evaluate→ reports
    images ─edit→ edits, triplets ─embed_edits→ features: [split] and train take both
    checkpoint + images ─index→ gallery
    images ─caption→ captions, which embed takes in place of its own, where a run asks a model

Stages in brackets gather: one small task that waits for all commits of its input.
"""

from dataclasses import dataclass
from typing import Literal

Home = Literal["corpus", "run"]


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One stage of the plan.

    takes: names of the stages whose commits it reads; the first also decides its shards. whole:
    those of them that it reads across all shards, so that it waits for every one. looks: what it
    takes, too, where towers are trained (`trainable: all`), since these must see images anew.
    follows: an optional stage that comes between it and what it takes, where a run has it.
    optional: only runs that ask for it have it (`pairmill.pipeline.graph.OPTIONAL`).
    gathers: it is one task over all shards. job: it runs as a program of its own. home: where its
    commits lie; a stage at home in the corpus also runs on the gallery where `gallery` says so.
    unit: what its counts count. version: raised when equal inputs give other bytes than before, so
    that what an older release left in a corpus is not taken for this one's.
    """

    name: str
    service: str
    takes: tuple[str, ...]
    whole: tuple[str, ...] = ()
    looks: tuple[str, ...] = ()
    follows: str = ""
    optional: bool = False
    gathers: bool = False
    job: bool = False
    home: Home = "run"
    gallery: bool = False
    unit: str
    version: int = 1


PLAN: tuple[Stage, ...] = (
    Stage(name="ingest", service="ingestor", takes=(), home="corpus", gallery=True, unit="image",
          version=2),
    Stage(name="dedupe", service="ingestor", takes=("ingest",), whole=("ingest",), gathers=True,
          home="corpus", gallery=True, unit="image"),
    Stage(name="caption", service="describer", takes=("dedupe",), optional=True, home="corpus",
          unit="image"),
    Stage(name="embed", service="embedder", takes=("dedupe",), follows="caption", home="corpus",
          gallery=True, unit="image", version=2),
    Stage(name="bands", service="miner", takes=("embed",), whole=("embed",), gathers=True,
          unit="space"),
    Stage(name="mine", service="miner", takes=("embed", "bands", "dedupe"),
          whole=("embed", "bands", "dedupe"),
          unit="image"),
    Stage(name="select", service="miner", takes=("mine",), whole=("mine",), gathers=True,
          unit="pair"),
    Stage(name="describe", service="describer", takes=("select", "dedupe", "embed"),
          whole=("dedupe", "embed"), unit="pair"),
    Stage(name="instruct", service="instructor", takes=("describe",), unit="pair",
          version=2),
    Stage(name="gate", service="gatekeeper", takes=("instruct", "describe", "embed", "dedupe"),
          whole=("embed", "dedupe"), unit="pair"),
    Stage(name="edit", service="editor", takes=("dedupe",), whole=("dedupe",), unit="edit",
          version=2),
    Stage(name="embed_edits", service="embedder", takes=("edit",), unit="edit"),
    Stage(name="split", service="trainer", takes=("gate", "edit"), whole=("gate", "edit"),
          gathers=True, unit="pair"),
    Stage(name="train", service="trainer",
          takes=("split", "gate", "edit", "embed", "embed_edits", "dedupe"),
          whole=("split", "gate", "edit", "embed", "embed_edits", "dedupe"), gathers=True,
          job=True, unit="triplet", version=3),
    Stage(name="index", service="indexer", takes=("embed", "train"), whole=("train",),
          looks=("dedupe",), home="corpus", gallery=True, unit="image"),
    Stage(name="evaluate", service="evaluator",
          takes=("train", "embed", "dedupe", "split", "gate"),
          whole=("train", "embed", "dedupe", "split", "gate"), gathers=True, job=True,
          unit="query"),
)  # fmt: skip


def stage(name: str) -> Stage:
    """Return the stage of that name; KeyError if there is none."""
    for found in PLAN:
        if found.name == name:
            return found
    raise KeyError(f"no stage {name!r} in the plan: {', '.join(s.name for s in PLAN)}")
