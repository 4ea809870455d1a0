"""Stages that do next to nothing, under the plan's own names, for tests of what conducts them."""

from pathlib import Path

from pairmill.config import RunConfig
from pairmill.core.records import Entry
from pairmill.core.tables import to_parquet
from pairmill.pipeline.commit import Counts
from pairmill.pipeline.graph import Graph, RunSpec
from pairmill.pipeline.output import Output
from pairmill.pipeline.plan import PLAN
from pairmill.pipeline.runs import Places, save_run
from pairmill.pipeline.shard import Shard
from pairmill.pipeline.standing import Submitted, note_submitted
from pairmill.settings import Settings
from pairmill.wiring import Ports, Stores
from pairmill.working.desk import StageFunction

SHARDS = ("000000", "000001", "000002")
CHECKPOINT = {"safetensors": b"weights", "json": b"{}"}


def one_file(shard: Shard, out: Output) -> Counts:
    """Give one file for the shard."""
    out.blob(shard.node.partition("@")[0], f"{shard.node} {shard.name}".encode(), "txt")
    return out.close(inputs=2, outputs=2)


def dedupe(shard: Shard, out: Output) -> Counts:
    """Give one file for every shard before."""
    for commit in shard.commits["ingest"]:
        out.blob("images", commit.shard.encode(), "txt", shard=commit.shard)
    return out.close(inputs=6, outputs=6)


def select(shard: Shard, out: Output) -> Counts:
    """Cut the pairs into shards of their own."""
    for name in ("p000000", "p000001"):
        out.blob("pairs", name.encode(), "txt", shard=name)
    return out.close(inputs=4, outputs=4)


def train(shard: Shard, out: Output) -> Counts:
    """Give a checkpoint that means nothing."""
    for ending, data in CHECKPOINT.items():
        out.blob("checkpoint", data, ending)
    out.facts.update(published="untrained", why="it is a test")
    return out.close(inputs=4, outputs=4)


def evaluate(shard: Shard, out: Output) -> Counts:
    """Give figures that mean nothing."""
    out.facts["quality"] = {"source": "mined, not human"}
    return one_file(shard, out)


STAGES: dict[str, StageFunction] = {
    **{stage.name: one_file for stage in PLAN},
    "dedupe": dedupe, "select": select, "train": train, "evaluate": evaluate,
}  # fmt: skip


def submit(
    root: Path, run: str = "r", settings: Settings | None = None, config: RunConfig | None = None
) -> tuple[Ports, Graph]:
    """Write a run of three shards down, as a gateway does."""
    spec = RunSpec(name=run, corpus="c", config=config or RunConfig(), encoder_id="e")
    stores = Stores((settings or Settings()).at(root))
    entries = [Entry(shard=s, key=s, object=s, offset=0, length=1) for s in SHARDS]
    stores.objects.create("corpora/c/manifest.parquet", to_parquet(Entry, entries))
    places = Places(source=str(root))
    save_run(stores.objects, spec, places)
    note_submitted(stores.objects, Submitted(run=run, corpus="c"))
    return Ports(stores, spec.config, places), Graph(spec)
