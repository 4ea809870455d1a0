"""The stage `evaluate` on a tiny run: real heads and commits, a fake text tower."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from pairmill.adapters.objects.folder import FolderObjects
from pairmill.config import EncoderConfig, RunConfig
from pairmill.core.errors import ConfigError, CorpusError, FormatError
from pairmill.core.ids import sha256_hex
from pairmill.core.records import ImageRecord, Reject, Split, Triplet
from pairmill.models.heads import Heads, HeadsShape, head_arrays
from pairmill.models.opening import Opener
from pairmill.models.retriever import Retriever
from pairmill.pipeline.commit import Commit, Counts
from pairmill.pipeline.graph import Graph, RunSpec
from pairmill.pipeline.images import Images, Pictures
from pairmill.pipeline.output import Output
from pairmill.pipeline.plan import stage
from pairmill.pipeline.progress import Silent
from pairmill.pipeline.shard import Shard, read_file, read_records
from pairmill.ports.encoder import Encoder, Label
from services.evaluator.case import Desk, mined_queries
from services.evaluator.stage import evaluate, judge_benchmark

Floats = NDArray[np.float32]
DIM, NUM = 4, 12
WORDS = ["zero", "one", "two", "three"]
COUNTS = Counts(inputs=0, outputs=0)


def heads(seed: int) -> dict[str, Floats]:
    """Heads of one identity map; another seed has another residual."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    found = Heads(HeadsShape(image_dim=DIM, text_dim=DIM, dim=DIM, num_hidden=3))
    for head in (found.image, found.text):
        torch.nn.init.eye_(head.linear.weight)
        torch.nn.init.zeros_(head.linear.bias)
    for name, weight in found.named_parameters():
        if seed and name.endswith("residual.2.weight"):
            torch.nn.init.normal_(weight, std=0.3)
    return head_arrays(found)


class TinyEncoder:
    """A text tower of four words; notes what it was asked."""

    encoder_id, image_dim, text_dim = "tiny", DIM, DIM

    def __init__(self) -> None:
        self.asked: list[str] = []

    def text_features(self, texts: Sequence[str]) -> Floats:
        self.asked += texts
        rows = [[float(word in text) for word in WORDS] for text in texts]
        return np.array(rows, np.float32).reshape(len(texts), DIM)

    def labels(self, features_BF: Floats) -> list[tuple[Label, ...]]:
        return [() for _ in features_BF]

    def head(self) -> Mapping[str, Floats]:
        return heads(0)


def opener(encoder: TinyEncoder | None = None) -> Opener:
    return Opener(cast("Encoder", encoder or TinyEncoder()), EncoderConfig(threads=1))


class Run:
    """A run whose images i0, i1, … have the keys k0, k1, … and random features.

    Its gallery, where it has one, holds the images from i6 on.
    """

    def __init__(self, root: Path, benchmark: bytes = b"", gallery: str = "") -> None:
        self.objects = FolderObjects(root)
        self.spec = RunSpec(
            name="r", corpus="c", config=RunConfig(), encoder_id="tiny", gallery=gallery,
            benchmark=sha256_hex(benchmark) if benchmark else "",
        )  # fmt: skip
        if benchmark:
            self.objects.put("runs/r/benchmark.jsonl", benchmark)
        self.commits: dict[str, tuple[Commit, ...]] = {}
        rng = np.random.default_rng(5)
        self.features = rng.standard_normal((NUM, DIM)).astype(np.float16).astype(np.float32)
        first = 6 if gallery else NUM
        self._images("", range(first))
        if gallery:
            self._images("@gallery", range(first, NUM))
        self.train(heads(1))

    def _images(self, place: str, rows: range) -> None:
        records = [ImageRecord(image_id=f"i{n}", keys=(f"k{n}", f"also {n}")) for n in rows]
        out = self.out("dedupe", place)
        out.table("images", ImageRecord, records)
        self.commit(f"dedupe{place}", out)
        out = self.out("embed", place)
        out.vectors("features", [f"i{n}" for n in rows], self.features[rows])
        self.commit(f"embed{place}", out)

    def out(self, name: str, place: str = "") -> Output:
        return Output(self.objects, f"corpora/c{place}", stage(name), "s0")

    def commit(self, node: str, out: Output) -> None:
        self.commits[node] = (
            Commit(node=node, shard="s0", inputs="", files=out.files, counts=COUNTS),
        )

    def train(self, tensors: dict[str, Floats], encoder_id: str = "tiny") -> None:
        out = self.out("train")
        for ending, data in Retriever.untrained(tensors, encoder_id=encoder_id).save().items():
            out.blob("checkpoint", data, ending)
        self.commit("train", out)

    def triplets(self, triplets: list[Triplet], parts: list[str]) -> None:
        out = self.out("gate")
        out.table("triplets", Triplet, triplets)
        self.commit("gate", out)
        out = self.out("split")
        splits = [Split(pair_id=t.pair_id, part=p) for t, p in zip(triplets, parts, strict=True)]
        out.table("splits", Split, splits)
        self.commit("split", out)

    def shard(self) -> Shard:
        return Shard(name="all", node="evaluate", graph=Graph(self.spec), home="runs/r",
                     commits=self.commits)  # fmt: skip

    def opener(self) -> Opener:
        return opener()

    def pictures(self) -> Pictures:
        images = Images(self.objects, self.objects)
        return Pictures(corpus=images, gallery=images)

    def evaluate(self) -> tuple[dict[str, Any], Output, Counts]:
        out = Output(self.objects, "runs/r", stage("evaluate"), "all")
        counts = evaluate(self.shard(), out, self.pictures(), self.opener(), Silent())
        return out.facts["quality"], out, counts


def query(number: int, **fields: object) -> dict[str, object]:
    return {
        "query_id": f"q{number}", "task": "odd" if number % 2 else "even",
        "query_image": f"k{number % NUM}", "instruction": f"make it {WORDS[number % 4]}",
        "targets": [f"k{(number + 5) % NUM}"],
    } | fields  # fmt: skip


def jsonl(*queries: Mapping[str, object]) -> bytes:
    return "\n".join(map(json.dumps, queries)).encode()


def triplet(number: int, query_image: int, target: int, *instructions: str) -> Triplet:
    return Triplet(pair_id=f"p{number}", query_id=f"i{query_image}", target_id=f"i{target}",
                   relations=("caption",), instructions=instructions,
                   negatives=(f"i{query_image}",), author="rules")  # fmt: skip


def by_hand(run: Run, tensors: dict[str, Floats], mode: str) -> float:
    """Recall@1 of `query(0…11)` over all images, one query after another, in float64."""
    retriever, hits = Retriever.untrained(tensors, encoder_id=""), 0
    gallery = retriever.embed_images(run.features).astype(np.float64)
    texts = TinyEncoder().text_features([f"make it {WORDS[n % 4]}" for n in range(NUM)])
    for n in range(NUM):
        image = run.features[n : n + 1] if mode != "text_only" else None
        text = texts[n : n + 1] if mode != "image_only" else None
        scores = gallery @ retriever.embed_queries(image, text)[0]
        target = (n + 5) % NUM
        rivals = [scores[row] for row in range(NUM) if row not in (n, target)]
        hits += scores[target] > max(rivals)
    return hits / NUM


def test_before_and_after_are_the_shipped_head_and_the_checkpoint(tmp_path: Path) -> None:
    run = Run(tmp_path, jsonl(*map(query, range(NUM))))
    quality, _, counts = run.evaluate()
    assert (counts.inputs, counts.outputs) == (NUM, NUM)
    for when, tensors in (("before", heads(0)), ("after", heads(1))):
        for mode in ("composed", "image_only", "text_only"):
            want = by_hand(run, tensors, mode)
            assert quality[when][mode]["recall@1"] == pytest.approx(want, abs=1e-6)
    assert quality["before"] != quality["after"]


def test_the_report_holds_the_documented_keys(tmp_path: Path) -> None:
    quality, out, _ = Run(tmp_path, jsonl(*map(query, range(NUM)))).evaluate()
    metrics = {"recall@1", "recall@5", "recall@10", "map@5", "map@10", "mrr"}
    for tree in (quality, *quality["by_task"].values()):
        for when in ("before", "after"):
            assert set(tree[when]) == {"composed", "image_only", "text_only"}
            assert all(set(means) == metrics for means in tree[when].values())
        assert set(tree["raw"]) == {"image_only"}
    assert set(quality["by_task"]) == {"even", "odd"}
    assert quality["source"] == "benchmark"
    assert quality["protocol"]["gallery_size"] == NUM
    assert quality["protocol"]["reference_removed"] is True
    (file,) = out.files
    report = json.loads(read_file(FolderObjects(tmp_path), file))
    assert (file.data_set, report["quality"]) == ("reports", quality)


def test_the_gallery_is_searched_and_query_images_may_lie_in_the_corpus(tmp_path: Path) -> None:
    inside, outside = query(0, query_image="k7", targets=["k9"]), query(1, targets=["also 9"])
    wrong = query(2, targets=["k3"])
    quality, _, counts = Run(tmp_path, jsonl(inside, outside, wrong), "g").evaluate()
    assert quality["protocol"]["gallery"] == "g"
    assert quality["protocol"]["gallery_size"] == 6
    assert (counts.inputs, counts.outputs, dict(counts.rejects)) == (3, 2, {"unknown_target": 1})


def test_queries_that_cannot_be_asked_are_rejects_and_the_rest_is_judged(tmp_path: Path) -> None:
    run = Run(tmp_path, jsonl(query(0), query(1, query_image="k99"), query(2, targets=["k98"]),
                              query(3, targets=["also 3"])))  # fmt: skip
    quality, out, counts = run.evaluate()
    assert counts.inputs == 4
    assert dict(counts.rejects) == {"unknown_image": 1, "unknown_target": 1, "target_is_query": 1}
    assert quality["num_queries"]["composed"] == 1
    files = [file for file in out.files if file.data_set == "rejects/evaluate"]
    found = {r.record_id: r for r in read_records(run.objects, files, Reject)}
    assert (found["q1"].value, found["q1"].keys) == ("k99", ("k99", "k6"))


def test_each_instruction_is_encoded_once(tmp_path: Path) -> None:
    run, encoder = Run(tmp_path, jsonl(*map(query, range(NUM)))), TinyEncoder()
    out = Output(run.objects, "runs/r", stage("evaluate"), "all")
    evaluate(run.shard(), out, run.pictures(), opener(encoder), Silent())
    assert sorted(encoder.asked) == sorted(f"make it {word}" for word in WORDS)


def test_without_a_benchmark_the_held_out_triplets_are_asked(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.triplets(
        [triplet(0, 0, 1, "one", "be one", "as one"), triplet(1, 2, 3, "two"),
         triplet(2, 4, 5, "three")],
        ["validation", "validation", "train"],
    )  # fmt: skip
    quality, _, counts = run.evaluate()
    assert quality["source"] == "mined, not human"
    assert quality["protocol"]["gallery_size"] == 4
    assert (counts.inputs, counts.outputs) == (4, 4)
    assert list(quality["by_task"]) == ["mined"]


def test_mined_targets_of_the_same_question_are_one_query() -> None:
    same = [triplet(0, 0, 1, "in red", "red"), triplet(1, 0, 2, "in red"), triplet(2, 3, 1, "red")]
    found = {(q.query_image, q.instruction): q.targets for q in mined_queries(same)}
    assert found == {("i0", "in red"): ("i1", "i2"), ("i0", "red"): ("i1",), ("i3", "red"): ("i1",)}
    assert mined_queries(same) == mined_queries(same[::-1])


def test_a_run_without_held_out_triplets_has_a_report_without_figures(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.triplets([], [])
    quality, out, counts = run.evaluate()
    assert (counts.inputs, counts.outputs) == (0, 0)
    assert (quality["after"], quality["num_queries"]["composed"]) == ({}, 0)
    assert [file.data_set for file in out.files] == ["reports"]


def test_equal_runs_write_equal_bytes(tmp_path: Path) -> None:
    data = jsonl(*map(query, range(NUM)))
    reports = [Run(tmp_path / name, data).evaluate()[1].files for name in ("a", "b")]
    assert reports[0] == reports[1]


def test_another_benchmark_is_judged_by_the_same_rules(tmp_path: Path) -> None:
    data = jsonl(*map(query, range(NUM)))
    run, other = Run(tmp_path / "a", data), Run(tmp_path / "b")
    desk = Desk(other.shard(), other.pictures(), opener(), Silent())
    quality, case = judge_benchmark(desk, data, "mine.jsonl")
    assert quality == run.evaluate()[0]
    assert len(case.questions.asked) == NUM
    with pytest.raises(CorpusError, match=r"mine\.jsonl, line 1"):
        judge_benchmark(desk, b"{}", "mine.jsonl")


def test_a_checkpoint_of_another_encoder_is_refused(tmp_path: Path) -> None:
    run = Run(tmp_path, jsonl(query(0)))
    run.train(heads(1), encoder_id="other")
    with pytest.raises(ConfigError, match="other"):
        run.evaluate()


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    run = Run(tmp_path, jsonl(query(0)))
    run.commit("train", run.out("train"))
    with pytest.raises(FormatError, match="got nothing"):
        run.evaluate()


def test_more_cut_offs_are_a_knob(tmp_path: Path) -> None:
    run = Run(tmp_path, jsonl(*map(query, range(NUM))))
    config = RunConfig.model_validate({"evaluation": {"ks": [3]}})
    run.spec = RunSpec(name="r", corpus="c", config=config, encoder_id="tiny",
                       benchmark=run.spec.benchmark)  # fmt: skip
    quality, _, _ = run.evaluate()
    assert {"recall@3", "map@3", "recall@10"} <= set(quality["after"]["composed"])
