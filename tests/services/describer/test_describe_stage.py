"""describe on made-up pairs, through the worker: nothing is lost, equal runs give equal bytes."""

from dataclasses import replace
from pathlib import Path

import pytest

from pairmill.config import MiningConfig, RunConfig
from pairmill.core.captions import MachineCaption, Seen, make_caption
from pairmill.core.errors import FormatError
from pairmill.core.ids import image_id, pair_id
from pairmill.core.records import Caption, Description, Entry, ImageRecord, Pair, Reject, Relation
from pairmill.core.tables import to_parquet
from pairmill.pipeline.barrier import work_of
from pairmill.pipeline.commit import CommitLog, Counts
from pairmill.pipeline.graph import Graph, RunSpec
from pairmill.pipeline.output import Output
from pairmill.pipeline.runs import Places
from pairmill.pipeline.shard import Shard, read_records
from pairmill.settings import Settings
from pairmill.wiring import Ports, Stores
from pairmill.worker import Worker
from pairmill.working.desk import StageFunction
from services.describer.stage import describe

CAPTIONS = ["a red apple", "a green apple", "a taco, 3D render", "sushi, 3D render", ""]
IMAGES = [
    ImageRecord(image_id=image_id(text.encode()), keys=(text or "silent",),
                captions=(Caption(kind="table", text=text),) if text else ())
    for text in CAPTIONS
]  # fmt: skip
IDS = [image.image_id for image in IMAGES]


def pair_of(query: int, target: int) -> Pair:
    return Pair(
        pair_id=pair_id(IDS[query], IDS[target]),
        query_id=IDS[query],
        target_id=IDS[target],
        relations=(Relation(space="caption", rank=1, score=0.5),),
        negatives=(IDS[query],),
    )


PAIRS = {"p000000": [pair_of(0, 1), pair_of(0, 4), pair_of(2, 3)], "p000001": [pair_of(1, 0)]}


def empty(shard: Shard, out: Output) -> Counts:
    return out.close(inputs=0, outputs=0)


def dedupe(shard: Shard, out: Output) -> Counts:
    out.table("images", ImageRecord, IMAGES, shard="000000")
    return out.close(inputs=len(IMAGES), outputs=len(IMAGES))


def select(shard: Shard, out: Output) -> Counts:
    for name, pairs in PAIRS.items():
        out.table("pairs", Pair, pairs, shard=name)
    return out.close(inputs=4, outputs=4)


class Steps:
    """Progress that counts."""

    def __init__(self) -> None:
        self.done = 0

    def advance(self, count: int = 1) -> None:
        self.done += count

    def total(self, count: int) -> None:
        raise AssertionError("the plan knows the total")


STAGES: dict[str, StageFunction] = {
    "ingest": empty, "embed": empty, "bands": empty, "mine": empty,
    "dedupe": dedupe, "select": select, "describe": describe,
}  # fmt: skip


def run(root: Path, stages: dict[str, StageFunction] | None = None) -> Worker:
    config = RunConfig(mining=MiningConfig(shard_pairs=3))
    spec = RunSpec(name="r", corpus="c", config=config, encoder_id="e")
    ports = Ports(Stores(Settings().at(root)), config, Places(source=str(root)))
    entry = Entry(shard="000000", key="k", object="x", offset=0, length=1)
    ports.objects.put("corpora/c/manifest.parquet", to_parquet(Entry, [entry]))
    worker = Worker(ports, Graph(spec), STAGES | (stages or {}), progress=Steps())
    for node in worker.graph.nodes:
        if node.stage.name in STAGES:
            for task in work_of(ports.objects, worker.graph, node).tasks:
                assert worker.handle(task)
    return worker


def read(worker: Worker, data_set: str, kind: type) -> list:  # type: ignore[type-arg]
    log = CommitLog(worker.ports.objects, worker.graph.node("describe").commits)
    files = [f for c in log.read_all() for f in c.files if f.data_set == data_set]
    return list(read_records(worker.ports.objects, sorted(files, key=lambda f: f.shard), kind))


def test_every_pair_is_described_or_rejected_with_both_its_images(tmp_path: Path) -> None:
    worker = run(tmp_path)
    described = read(worker, "descriptions", Description)
    assert [d.pair for d in described] == [pair_of(0, 1), pair_of(2, 3), pair_of(1, 0)]
    assert [d.only_target for d in described] == [
        ("colour: green",), ("subject: sushi",), ("colour: red",)
    ]  # fmt: skip
    (reject,) = read(worker, "rejects/describe", Reject)
    assert (reject.record_id, reject.rule) == (pair_of(0, 4).pair_id, "no_text")
    assert reject.keys == (IDS[0], IDS[4])


def test_each_shard_of_pairs_has_its_own_commit_and_counts(tmp_path: Path) -> None:
    worker = run(tmp_path)
    log = CommitLog(worker.ports.objects, worker.graph.node("describe").commits)
    counts = {shard: log.read(shard).counts for shard in log.shards()}
    assert {name: (c.inputs, c.outputs) for name, c in counts.items()} == {
        "p000000": (3, 2), "p000001": (1, 1)
    }  # fmt: skip
    assert isinstance(worker.progress, Steps)
    assert worker.progress.done == 4


def test_equal_runs_give_equal_commits(tmp_path: Path) -> None:
    commits = []
    for name in ("one", "two"):
        worker = run(tmp_path / name)
        log = CommitLog(worker.ports.objects, worker.graph.node("describe").commits)
        commits.append([commit.to_json() for commit in log.read_all()])
    assert commits[0] == commits[1]


def test_a_shard_without_pairs_still_writes_its_file(tmp_path: Path) -> None:
    def none(shard: Shard, out: Output) -> Counts:
        out.table("pairs", Pair, [], shard="p000000")
        return out.close(inputs=0, outputs=0)

    worker = run(tmp_path, {"select": none})
    log = CommitLog(worker.ports.objects, worker.graph.node("describe").commits)
    assert [f.num_rows for f in log.read("p000000").files] == [0]


def test_a_pair_of_an_unknown_image_stops_the_run(tmp_path: Path) -> None:
    def lost(shard: Shard, out: Output) -> Counts:
        out.table("pairs", Pair, [replace(pair_of(0, 1), target_id="f" * 32)], shard="p000000")
        return out.close(inputs=1, outputs=1)

    with pytest.raises(FormatError, match="not among those that dedupe committed"):
        run(tmp_path, {"select": lost})


def test_images_that_nobody_captioned_are_described_by_machine_and_marked(tmp_path: Path) -> None:
    bare = [ImageRecord(image_id=image_id(name.encode()), keys=(name,)) for name in ("x1", "x2")]
    seen = [Seen(classes=("shirt", "clothing"), colours=("red",)),
            Seen(classes=("T-shirt", "shirt", "clothing"), colours=("blue",))]  # fmt: skip
    made = [make_caption(image, what) for image, what in zip(bare, seen, strict=True)]
    pairs = [
        pair_of(0, 1),
        replace(pair_of(0, 1), pair_id="b", query_id=bare[0].image_id, target_id=bare[1].image_id),
        replace(pair_of(0, 1), pair_id="h", query_id=IDS[0], target_id=bare[1].image_id),
    ]

    def both(shard: Shard, out: Output) -> Counts:
        out.table("images", ImageRecord, [*IMAGES, *bare], shard="000000")
        return out.close(inputs=7, outputs=7)

    def caption(shard: Shard, out: Output) -> Counts:
        # one for an image of people's captions, too, as a damaged or foreign store might hold
        out.table("captions", MachineCaption, [*made, make_caption(IMAGES[0], seen[1])])
        return out.close(inputs=0, outputs=0)

    def three(shard: Shard, out: Output) -> Counts:
        out.table("pairs", Pair, pairs, shard="p000000")
        return out.close(inputs=3, outputs=3)

    worker = run(tmp_path, {"dedupe": both, "embed": caption, "select": three})
    people, machine, mixed = read(worker, "descriptions", Description)
    assert (people.only_target, people.author) == (("colour: green",), "rules/1")
    assert machine.only_target == ("colour: blue",)
    assert machine.shared == ("subject: shirt",)
    assert mixed.only_target == ("subject: blue T-shirt",)
    assert machine.author == mixed.author == "rules/1 on machine captions"
