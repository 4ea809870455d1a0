"""The stages `split` and `train` on a toy corpus whose words name a change of colour."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from pairmill.adapters.objects.folder import FolderObjects
from pairmill.config import EncoderConfig, RunConfig, TrainingConfig
from pairmill.core.ids import order_key, sha256_hex
from pairmill.core.records import Caption, ImageRecord, Reject, Split, Triplet
from pairmill.models.retriever import Retriever
from pairmill.pipeline.checkpoint import Attempt, Checkpoints
from pairmill.pipeline.commit import Commit, Counts
from pairmill.pipeline.graph import Graph, RunSpec
from pairmill.pipeline.images import Images
from pairmill.pipeline.output import Output
from pairmill.pipeline.plan import stage
from pairmill.pipeline.progress import Silent
from pairmill.pipeline.published import read_checkpoint
from pairmill.pipeline.shard import Shard, read_records
from pairmill.ports.encoder import Label
from services.trainer.gathering import read_material, to_rows
from services.trainer.holding import is_held_out
from services.trainer.splitting import split
from services.trainer.stage import train
from services.trainer.texts import TextFeatures

NUM_SHAPES, NUM_COLOURS, IMAGE, TEXT, DIM = 40, 3, 30, 16, 12
WORDS = ("red", "green", "blue")
RNG = np.random.default_rng(0)
SHAPES, COLOURS = RNG.normal(size=(NUM_SHAPES, IMAGE)), RNG.normal(size=(NUM_COLOURS, IMAGE))
MEANINGS = RNG.normal(size=(NUM_COLOURS, TEXT))
TRAINING = TrainingConfig(
    batch=32,
    align_steps=5,
    compose_steps=40,
    warmup_steps=4,
    learning_rate=3e-3,
    validate_every=10,
    checkpoint_every=10,
    patience=50,
    min_triplets=20,
    held_out=0.3,
    image_tolerance=1,
)


def image(shape: int, colour: int) -> str:
    return f"{shape:016x}{colour:016x}"


# all colours of a shape lie on one side, or no pair would validate
def side(shape: int) -> set[bool]:
    return {is_held_out(image(shape, c), seed=0, share=0.3) for c in range(NUM_COLOURS)}


IDS = [image(s, c) for s in range(NUM_SHAPES) for c in range(NUM_COLOURS)]
TRIPLETS = [
    Triplet(
        pair_id=sha256_hex(f"{s}/{c}/{d}".encode())[:32],
        query_id=image(s, c),
        target_id=image(s, d),
        relations=("caption",),
        instructions=(f"in {WORDS[d]}", f"make it {WORDS[d]}", f"{WORDS[d]}, please"),
        negatives=(image(s, c), image((s + 1) % NUM_SHAPES, d)),
        author="rules/1",
    )
    for s in range(NUM_SHAPES)
    for c in range(NUM_COLOURS)
    for d in range(NUM_COLOURS)
    if c != d
]


class ToyEncoder:
    """The encoder of a test: texts mean the colour that they name."""

    encoder_id, image_dim, text_dim = "toy", IMAGE, TEXT

    def __init__(self) -> None:
        self.num_texts = 0

    def text_features(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.num_texts += len(texts)
        named = [MEANINGS[[word in text for word in WORDS].index(True)] for text in texts]
        return np.array(named, np.float32)

    def labels(self, features_BF: NDArray[np.float32]) -> list[tuple[Label, ...]]:
        return [() for _ in features_BF]

    def head(self) -> Mapping[str, NDArray[np.float32]]:
        rng = np.random.default_rng(1)
        return {
            "mean": np.zeros(IMAGE, np.float32),
            "std": np.ones(IMAGE, np.float32),
            "image.linear.weight": rng.normal(size=(DIM, IMAGE)).astype(np.float32) * 0.1,
            "image.linear.bias": np.zeros(DIM, np.float32),
            "text.linear.weight": rng.normal(size=(DIM, TEXT)).astype(np.float32) * 0.1,
            "text.linear.bias": np.zeros(DIM, np.float32),
        }


class Bench:
    """A run up to its triplets, in a folder, and the trainer's stages on it."""

    def __init__(self, root: Path, config: TrainingConfig = TRAINING, benchmark: str = "") -> None:
        torch.set_num_threads(1)
        self.objects, self.encoder = FolderObjects(root), ToyEncoder()
        run = RunConfig(training=config, encoder=EncoderConfig(threads=1))
        data = benchmark.encode()
        self.objects.put("runs/r/benchmark.jsonl", data)
        self.spec = RunSpec(name="r", corpus="c", config=run, encoder_id="toy",
                            benchmark=sha256_hex(data) if data else "")  # fmt: skip
        self.checkpoints = Checkpoints(self.objects, "runs/r/unfinished/train/all")
        gate = Output(self.objects, "runs/r", stage("gate"), "p0")
        gate.table("triplets", Triplet, TRIPLETS)
        embed = Output(self.objects, "corpora/c", stage("embed"), "s0")
        looks = [SHAPES[s] + COLOURS[c] for s in range(NUM_SHAPES) for c in range(NUM_COLOURS)]
        embed.vectors("features", IDS, np.array(looks))
        dedupe = Output(self.objects, "corpora/c", stage("dedupe"), "s0")
        dedupe.table("images", ImageRecord, [
            ImageRecord(image_id=i, keys=(f"key-{n}",),
                        captions=(Caption(kind="tar", text=f"a {WORDS[int(i[16:], 16)]} thing"),))
            for n, i in enumerate(IDS)
        ])  # fmt: skip
        self.commits = {o: self._commit(o, out) for o, out in
                        (("gate", gate), ("embed", embed), ("dedupe", dedupe))}  # fmt: skip
        self.commits |= {"edit": (), "embed_edits": ()}

    @staticmethod
    def _commit(node: str, out: Output) -> tuple[Commit, ...]:
        return (Commit(node=node, shard="all", inputs="", files=out.files, facts=out.facts,
                       counts=Counts(inputs=0, outputs=0)),)  # fmt: skip

    def shard(self, node: str) -> Shard:
        return Shard(name="all", node=node, graph=Graph(self.spec), home="runs/r",
                     commits=self.commits)  # fmt: skip

    def split(self) -> tuple[Output, Counts]:
        out = Output(self.objects, "runs/r", stage("split"), "all")
        counts = split(self.shard("split"), out, self.objects)
        self.commits["split"] = self._commit("split", out)
        return out, counts

    def train(self) -> tuple[Output, Counts]:
        out = Output(self.objects, "runs/r", stage("train"), "all")
        attempt = Attempt(progress=Silent(), checkpoints=self.checkpoints)
        images = Images(self.objects, self.objects)
        counts = train(self.shard("train"), out, images, self.encoder, attempt)  # type: ignore[arg-type]
        return out, counts

    def parts(self, out: Output) -> dict[str, str]:
        files = [f for f in out.files if f.data_set == "splits"]
        return {s.pair_id: s.part for s in read_records(self.objects, files, Split)}


def test_pairs_train_validate_or_are_rejected_by_where_both_images_lie(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    out, counts = bench.split()
    parts = bench.parts(out)
    files = [f for f in out.files if f.data_set == "rejects/split"]
    rejected = {r.record_id: r for r in read_records(bench.objects, files, Reject)}
    for triplet in TRIPLETS:
        held = [
            int(order_key(0, "held_out", i)[:12], 16) / 16**12 < 0.3
            for i in (triplet.query_id, triplet.target_id)
        ]
        want = {0: "train", 1: "split_crossing", 2: "validation"}[sum(held)]
        got = parts.get(triplet.pair_id) or rejected[triplet.pair_id].rule
        assert got == want
    assert counts.inputs == len(TRIPLETS) == counts.outputs + counts.rejects["split_crossing"]


def test_about_the_asked_share_is_held_out() -> None:
    held = sum(is_held_out(f"{n:032x}", seed=0, share=0.1) for n in range(5000))
    assert 400 < held < 600


def test_a_training_publishes_what_validates_better(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.split()
    out, counts = bench.train()
    facts = out.facts
    assert facts["published"] is True
    scores = facts["validation"]
    assert scores["trained"]["composed"] > scores["untrained"]["composed"] + 0.2
    assert "rose" in facts["why"]
    weights, config = read_checkpoint(bench.objects, _files(out, "checkpoint"))
    found = Retriever.load(weights, config, encoder_id="toy")
    assert found.card["version"] == facts["version"] != "untrained"
    assert {"run", "data", "training", "step"} <= set(found.card)
    assert counts.inputs == counts.outputs == len(bench.parts(_split(bench)))
    assert found.card["sizes"] == [DIM]
    assert found.card["temperature"] == pytest.approx(TRAINING.temperature)


def test_too_few_triplets_publish_the_untrained_retriever_and_say_so(tmp_path: Path) -> None:
    bench = Bench(tmp_path, TRAINING.model_copy(update={"min_triplets": 10_000}))
    bench.split()
    out, counts = bench.train()
    assert out.facts["published"] is False
    assert "min_triplets asks for 10000" in out.facts["why"]
    weights, config = read_checkpoint(bench.objects, _files(out, "checkpoint"))
    want = Retriever.untrained(bench.encoder.head(), encoder_id="toy").save()
    assert (weights, config) == (want["safetensors"], want["json"])
    assert counts.inputs > 0
    assert bench.encoder.num_texts == 0


def test_a_training_that_gains_nothing_publishes_the_untrained_retriever(tmp_path: Path) -> None:
    bench = Bench(tmp_path, TRAINING.model_copy(update={"learning_rate": 1e-12}))
    bench.split()
    out, _ = bench.train()
    assert out.facts["published"] is False
    assert "no state of the training validated better" in out.facts["why"]
    assert out.facts["version"] == "untrained"


def test_a_training_killed_and_started_again_commits_the_same_files(tmp_path: Path) -> None:
    whole = Bench(tmp_path / "whole")
    whole.split()
    want, _ = whole.train()
    broken = Bench(tmp_path / "broken")
    broken.split()
    real = broken.checkpoints.save

    def die(step: int, state: bytes) -> None:
        real(step, state)
        if step == 20:
            raise KeyboardInterrupt

    broken.checkpoints.save = die  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        broken.train()
    num_texts = broken.encoder.num_texts
    broken.checkpoints.save = real  # type: ignore[method-assign]
    got, _ = broken.train()
    assert got.files == want.files
    assert got.facts == want.facts
    assert broken.encoder.num_texts == num_texts  # every text was found again


def test_images_of_the_benchmark_and_held_out_ones_are_never_learnt_from(tmp_path: Path) -> None:
    line = '{"query_id": "1", "query_image": "key-7", "instruction": "x", "targets": ["key-9"]}\n'
    bench = Bench(tmp_path, benchmark=line)
    bench.split()
    shard = bench.shard("train")
    material = read_material(shard, bench.objects)
    kept_out = {IDS[7], IDS[9]}
    learnt = set(material.train_captions)
    assert learnt
    assert not learnt & kept_out
    assert not kept_out & set(material.validation_captions)
    texts = TextFeatures(objects=bench.objects, prefix="t", encoder=bench.encoder,  # type: ignore[arg-type]
                         progress=Silent())  # fmt: skip
    data = to_rows(shard, bench.objects, material, texts)
    assert not {IDS[row] for row in data.gallery} & kept_out
    for triplet in material.train:
        seen = (triplet.query_id, triplet.target_id, *triplet.negatives)
        assert not any(is_held_out(i, seed=0, share=0.3) for i in seen)
        assert triplet.negatives[0] == triplet.query_id


def _files(out: Output, data_set: str) -> list:  # type: ignore[type-arg]
    return [file for file in out.files if file.data_set == data_set]


def _split(bench: Bench) -> Output:
    out = Output(bench.objects, "runs/r", stage("split"), "all")
    split(bench.shard("split"), out, bench.objects)
    return out
