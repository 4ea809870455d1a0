"""A tiny ablation through the command: what it writes, what its runs share, and how it goes on."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pydantic import BaseModel

import pairmill.worker
from pairmill.adapters.objects.folder import FolderObjects
from pairmill.config import RunConfig
from pairmill.config.part import Part
from pairmill.pipeline.commit import Commit, CommitLog
from pairmill.pipeline.deciding import DECIDED_BY
from pairmill.pipeline.graph import Graph, Node
from pairmill.pipeline.runs import load_run, run_names
from pairmill.working.desk import call_stage
from services.cli.__main__ import main
from services.standalone.ablating.asking import Ablation, configure
from services.standalone.ablating.conducting import SharingConductor
from services.standalone.ablating.running import Ablating
from services.standalone.sample.draw import draw_sample

BASE: dict[str, dict[str, Any]] = {
    "ingest": {"shard_images": 32},
    "encoder": {"threads": 1},
    "mining": {"shard_pairs": 64},
    "editing": {"max_images": 4, "per_image": 2},
    "training": {"align_steps": 2, "compose_steps": 4, "batch": 32, "validate_every": 2,
                 "min_triplets": 5, "held_out": 0.3, "warmup_steps": 1},
}  # fmt: skip
OWN = {"hotter": {"training": {"temperature": 0.2}}}
FROM_TRAINING_ON = {"train", "evaluate"}

Reads = dict[str, set[str]]


class Site:
    """The sample, the ablation's file and its output folder, and what stages read of the
    configuration while it ran."""

    def __init__(self, folder: Path) -> None:
        self.out, self.file = folder / "out", folder / "ablation.yaml"
        drawn = draw_sample(folder / "sample", num_images=60, num_gallery=16)
        asked = {
            "corpus": str(drawn.corpus), "captions": str(drawn.captions), "config": BASE,
            "gallery": str(drawn.gallery), "benchmark": str(drawn.benchmark),
            "seeds": [0, 1], "switches": [OWN],
        }  # fmt: skip
        self.file.write_text(json.dumps(asked))  # JSON is YAML, too
        self.reads: Reads = {}

    def ablate(self, *more: str, out: Path | None = None) -> int:
        """Run the command in this process; return its exit status."""
        words = ["pairmill", "ablate", "--config", self.file, "--out", out or self.out, *more]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.argv", [str(word) for word in words])
            try:
                main()
            except SystemExit as end:
                return int(end.code or 0)
        return 0

    @property
    def found(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.out / "ablation.json").read_text())
        return found

    def run_of(self, switch: str, seed: int) -> dict[str, Any]:
        run: dict[str, Any]
        (run,) = [r for r in self.found["runs"] if (r["switch"], r["seed"]) == (switch, seed)]
        return run


def graph_of(objects: FolderObjects, run: str) -> Graph:
    return Graph(load_run(objects, run)[0])


def prefixes(part: type[BaseModel] = RunConfig, before: str = "") -> Iterator[tuple[type, str]]:
    """Yield every class of the configuration with the path of its part."""
    yield part, before
    for name, field in part.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from prefixes(field.annotation, f"{before}{name}.")


def _unwatched(at_work: list[str], read: Callable[[], Any]) -> Any:
    stage, at_work[0] = at_work[0], ""
    try:
        return read()
    finally:
        at_work[0] = stage


def watch(patch: pytest.MonkeyPatch, reads: Reads) -> None:
    """Note what of the configuration is read while a stage is at work, by stage."""
    paths, at_work = dict(prefixes()), [""]
    plain = Part.__getattribute__

    def reading(self: Part, name: str) -> Any:
        fields = type(self).model_fields
        if name == "digest":  # of all of it: a name for what is kept in memory
            return _unwatched(at_work, lambda: plain(self, name))
        if at_work[0] and type(self) in paths and (name in fields or name == "model_dump"):
            value = plain(self, name)
            whole = name == "model_dump"
            if whole or not isinstance(value, BaseModel):
                told = paths[type(self)].rstrip(".") if whole else paths[type(self)] + name
                reads.setdefault(at_work[0], set()).add(told)
        return plain(self, name)

    def calling(function: Any, node: Node, *rest: Any) -> Any:
        at_work[0] = node.stage.name
        try:
            return call_stage(function, node, *rest)
        finally:
            at_work[0] = ""

    patch.setattr(Part, "__getattribute__", reading)
    patch.setattr(pairmill.worker, "call_stage", calling)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    made = Site(tmp_path_factory.mktemp("ablation"))
    with pytest.MonkeyPatch.context() as patch:
        watch(patch, made.reads)
        assert made.ablate() == 0
    return made


def test_every_switch_is_run_with_every_seed_and_has_its_figures(site: Site) -> None:
    runs = site.found["runs"]
    assert [(r["switch"], r["seed"]) for r in runs] == [
        ("full", 0), ("hotter", 0), ("full", 1), ("hotter", 1)]  # fmt: skip
    for run in runs:
        assert {"composed", "image_only", "text_only", "validation/composed"} <= set(run["figures"])
        assert ("before" in run) is (run["switch"] == "full")
        assert run["learnt"] > 5
    before = site.run_of("full", 0)["before"]
    assert {"composed", "image_only", "validation/composed"} <= set(before)
    means = site.found["means"]
    assert means["full"]["composed"]["num"] == 2
    both = [site.run_of("full", seed)["figures"]["composed"] for seed in (0, 1)]
    assert means["full"]["composed"]["mean"] == pytest.approx(sum(both) / 2)


def test_the_table_and_the_plot_are_written(site: Site) -> None:
    table = (site.out / "ablation.md").read_text()
    assert table.startswith("| switch | composed | against full |")
    assert [line.split("|")[1].strip() for line in table.splitlines()[2:]] == [
        "untrained", "`full`", "`hotter`"]  # fmt: skip
    with Image.open(site.out / "ablation.png") as plot:
        assert plot.width > 600


def test_a_run_adopts_all_stages_before_the_first_whose_configuration_differs(site: Site) -> None:
    for seed in (0, 1):
        full, hotter = site.run_of("full", seed), site.run_of("hotter", seed)
        assert full["adopted"] == {}
        assert set(hotter["adopted"]) == set(DECIDED_BY) - FROM_TRAINING_ON
        assert set(hotter["adopted"].values()) == {full["run"]}


def test_an_adopted_run_is_made_of_the_same_bytes_as_one_done_anew(site: Site) -> None:
    run, anew = site.run_of("hotter", 0)["run"], site.out.parent / "anew"
    alone = json.loads(site.file.read_text())
    alone |= {"switches": ["full"], "seeds": [0]}
    alone["config"] = {**BASE, "training": {**BASE["training"], **OWN["hotter"]["training"]}}
    other = site.out.parent / "anew.yaml"
    other.write_text(json.dumps(alone))
    kept, site.file = site.file, other
    try:
        assert site.ablate(out=anew) == 0
    finally:
        site.file = kept
    shared, single = FolderObjects(site.out), FolderObjects(anew)
    assert run_names(single) == [run]
    for node in graph_of(single, run).nodes:
        if node.stage.name == "index":
            continue
        assert all_said(shared, run, node.name) == all_said(single, run, node.name)


def all_said(objects: FolderObjects, run: str, node: str) -> dict[str, Any]:
    """Return what a node's commits say, by shard."""
    log = CommitLog(objects, graph_of(objects, run).node(node).commits)
    return {commit.shard: said(commit) for commit in log.read_all()}


def said(commit: Commit) -> tuple[Any, ...]:
    """All of a commit but where its files lie."""
    files = [(f.data_set, f.shard, f.num_rows, f.sha256) for f in commit.files]
    return sorted(files), commit.counts, commit.facts, commit.versions


def test_no_stage_reads_more_of_the_configuration_than_it_is_said_to(site: Site) -> None:
    assert set(site.reads) >= set(DECIDED_BY) - {"embed_edits"}
    for stage, paths in DECIDED_BY.items():
        others = {
            path for path in site.reads.get(stage, ())
            if not any(path == told or path.startswith(told + ".") for told in paths)
        }  # fmt: skip
        assert others == set(), stage


def test_started_again_nothing_is_done_again(site: Site) -> None:
    before = {path: path.stat().st_mtime_ns for path in site.out.rglob("*.parquet")}
    assert site.ablate() == 0
    assert {path: path.stat().st_mtime_ns for path in site.out.rglob("*.parquet")} == before


def test_a_run_that_fails_is_told_and_does_not_take_the_others(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    conduct = SharingConductor.run

    def failing(self: SharingConductor, until: str = "") -> None:
        if self.graph.spec.config.training.temperature == 0.3:
            raise OSError("the disk is on fire")
        conduct(self, until)

    monkeypatch.setattr(SharingConductor, "run", failing)
    more = json.loads(site.file.read_text())
    more["switches"] = [{"failing": {"training": {"temperature": 0.3}}}, OWN]
    kept, site.file = site.file, site.out.parent / "failing.yaml"
    site.file.write_text(json.dumps(more))
    before = (site.out / "ablation.json").read_bytes()
    try:
        assert site.ablate("--seeds", "0") == 3
    finally:
        site.file = kept
    found = site.found
    (site.out / "ablation.json").write_bytes(before)
    assert [("error" in run) for run in found["runs"]] == [False, True, False]
    told = capsys.readouterr()
    assert "the disk is on fire" in told.out
    assert "1 of 3 runs failed" in told.err.replace("\n", " ")


def test_sizes_are_shares_of_what_the_base_learns_from(site: Site) -> None:
    asked: Mapping[str, Any] = json.loads(site.file.read_text())
    values = {**asked, "switches": ["size-1/4", "size-1"], "seeds": [0], "vary": "training"}
    ablation = Ablation.model_validate(values)
    quarter, whole = ablation.chosen[1:]
    full = site.run_of("full", 0)["learnt"]
    assert Ablating(ablation, site.out)._mined(0) == full
    config = configure(ablation, quarter, 7, full)
    assert config.training.max_triplets == round(full / 4)
    assert config.training.sources == ("mined",)
    assert (config.seed, config.training.seed_offset) == (0, 7)
    assert configure(ablation, whole, 7, full).training.max_triplets == 0
