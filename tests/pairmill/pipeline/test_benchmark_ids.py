"""Which images a benchmark and a gallery keep out of mining and training."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from pairmill.adapters.objects.folder import FolderObjects
from pairmill.config import RunConfig
from pairmill.core.errors import CorpusError, FormatError
from pairmill.core.ids import sha256_hex
from pairmill.core.records import ImageRecord
from pairmill.pipeline import benchmark
from pairmill.pipeline.benchmark import benchmark_ids, read_benchmark, read_images
from pairmill.pipeline.commit import Commit
from pairmill.pipeline.graph import Graph, RunSpec
from pairmill.pipeline.output import Output
from pairmill.pipeline.plan import stage
from pairmill.pipeline.shard import Shard

CORPUS = {"c1": ("red",), "c2": ("green", "vert"), "both": ("blue",), "c4": ("shared name",)}
GALLERY = {"g1": ("sky",), "both": ("azure",), "g3": ("shared name",)}
QUERIES = [
    {"query_id": "1", "query_image": "sky", "targets": ["vert"], "instruction": "greener"},
    {"query_id": "2", "targets": ["nowhere", "shared name"], "instruction": "text alone"},
]
BENCHMARK = "\n".join(json.dumps(query) for query in QUERIES).encode()


class Counted(FolderObjects):
    """A folder of objects that counts what is read."""

    num_gets = 0

    def get(self, key: str) -> bytes:
        self.num_gets += 1
        return super().get(key)


def images(objects: Counted, node: str, home: str, keys: Mapping[str, tuple[str, ...]]) -> Commit:
    out = Output(objects, home, stage("dedupe"), "all")
    out.table("images", ImageRecord, [ImageRecord(image_id=i, keys=k) for i, k in keys.items()])
    counts = out.close(inputs=len(keys), outputs=len(keys))
    return Commit(node=node, shard="all", inputs="", files=out.files, counts=counts)


@pytest.fixture
def objects(tmp_path: Path) -> Counted:
    benchmark._found.clear()
    found = Counted(tmp_path)
    found.put("runs/r/benchmark.jsonl", BENCHMARK)
    return found


def shard(objects: Counted, *, gallery: str = "", with_benchmark: bool = True) -> Shard:
    spec = RunSpec(
        name="r", corpus="c", config=RunConfig(), encoder_id="e", gallery=gallery,
        benchmark=sha256_hex(BENCHMARK) if with_benchmark else "",
    )  # fmt: skip
    commits = {"dedupe": (images(objects, "dedupe", "corpora/c", CORPUS),)}
    if gallery:
        commits["dedupe@gallery"] = (images(objects, "dedupe@gallery", "galleries/g", GALLERY),)
    return Shard(name="s", node="mine", graph=Graph(spec), home="runs/r", commits=commits)


def test_without_benchmark_and_gallery_nothing_is_kept_out(objects: Counted) -> None:
    assert benchmark_ids(shard(objects, with_benchmark=False), objects) == frozenset()


def test_query_images_and_targets_are_kept_out_of_the_corpus(objects: Counted) -> None:
    assert benchmark_ids(shard(objects), objects) == {"c2", "c4"}


def test_all_of_the_gallery_is_kept_out_and_so_are_its_byte_copies(objects: Counted) -> None:
    kept = benchmark_ids(shard(objects, gallery="g", with_benchmark=False), objects)
    assert kept == {"g1", "both", "g3"}


def test_a_name_in_the_gallery_goes_before_the_same_name_in_the_corpus(objects: Counted) -> None:
    found = shard(objects, gallery="g")
    assert read_images(found, objects).find("shared name") == "g3"
    assert benchmark_ids(found, objects) == {"g1", "both", "g3", "c2"}


def test_the_ending_of_a_file_name_may_stand_in_a_key(objects: Counted) -> None:
    assert read_images(shard(objects), objects).find("vert.jpg") == "c2"
    assert read_images(shard(objects, gallery="g"), objects).find("shared name.png") == "g3"


def test_a_key_that_names_no_image_is_passed_over(objects: Counted) -> None:
    assert read_images(shard(objects), objects).find("nowhere") == ""


def test_the_images_are_read_once_a_process(objects: Counted) -> None:
    found = shard(objects, gallery="g")
    first, num = benchmark_ids(found, objects), objects.num_gets
    assert benchmark_ids(found, objects) is first
    assert objects.num_gets == num


def test_another_gallery_is_not_taken_for_the_one_before(objects: Counted) -> None:
    assert benchmark_ids(shard(objects, gallery="g"), objects) != benchmark_ids(
        shard(objects), objects
    )


def test_few_sets_are_kept(objects: Counted) -> None:
    for number in range(2 * benchmark.KEPT_SETS):
        benchmark._found[str(number)] = frozenset()
    benchmark_ids(shard(objects), objects)
    assert len(benchmark._found) == benchmark.KEPT_SETS


def test_a_benchmark_that_was_changed_under_the_run_is_refused(objects: Counted) -> None:
    found = shard(objects)
    objects.put("runs/r/benchmark.jsonl", BENCHMARK + b"\n")
    with pytest.raises(FormatError, match="not those submitted"):
        read_benchmark(found, objects)


def test_a_run_without_benchmark_has_no_queries(objects: Counted) -> None:
    assert read_benchmark(shard(objects, with_benchmark=False), objects) == ()


def test_a_benchmark_that_is_none_is_refused(objects: Counted) -> None:
    spec = RunSpec(name="r", corpus="c", config=RunConfig(), encoder_id="e",
                   benchmark=sha256_hex(b"{}"))  # fmt: skip
    objects.put("runs/r/benchmark.jsonl", b"{}")
    found = Shard(name="s", graph=Graph(spec), home="runs/r", commits={})
    with pytest.raises(CorpusError, match=r"benchmark\.jsonl, line 1"):
        read_benchmark(found, objects)


def test_a_task_that_does_not_take_the_gallery_is_a_fault_of_the_plan(objects: Counted) -> None:
    found = shard(objects, gallery="g")
    blind = Shard(name="s", node="split", graph=found.graph, home="runs/r",
                  commits={"dedupe": found.commits["dedupe"]})  # fmt: skip
    with pytest.raises(AssertionError, match="split must take dedupe@gallery"):
        benchmark_ids(blind, objects)


@pytest.mark.parametrize("node", ["mine", "train", "evaluate"])
def test_mining_training_and_evaluation_know_the_gallery(objects: Counted, node: str) -> None:
    assert "dedupe@gallery" in shard(objects, gallery="g").graph.node(node).takes
