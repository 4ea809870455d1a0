"""The stage `train` with towers and all: pixels of images and edits, a checkpoint of towers."""

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.numpy import load

from pairmill.config import TrainingConfig, parse_config
from pairmill.core.errors import ConfigError
from pairmill.core.records import Caption, ImageRecord
from pairmill.models.tower_parts import JointTower
from pairmill.models.whole_checkpoint import load_whole
from pairmill.pipeline.graph import RunSpec
from pairmill.pipeline.output import Output
from pairmill.pipeline.plan import stage
from pairmill.pipeline.published import read_checkpoint
from tests.pairmill.models.small_clip import DIM, PICTURES, clip_that_reads, small_clip
from tests.services.trainer.test_split_and_train_stage import (
    IDS,
    IMAGE,
    TEXT,
    TRAINING,
    WORDS,
    Bench,
    ToyEncoder,
)

ALL = TRAINING.model_copy(update={
    "trainable": "all", "compose_steps": 6, "align_steps": 2, "validate_every": 2, "batch": 8,
    "tower_rate": 1.0, "learnable_temperature": True, "cache_rows": 3,
})  # fmt: skip


class TowerEncoder(ToyEncoder):
    """The toy encoder with a joint model, whose head is the identity on its features."""

    def joint(self) -> JointTower:
        return clip_that_reads(WORDS)

    def head(self) -> dict[str, np.ndarray]:
        return {
            "mean": np.zeros(IMAGE, np.float32),
            "std": np.ones(IMAGE, np.float32),
            "image.linear.weight": np.eye(DIM, IMAGE, dtype=np.float32),
            "image.linear.bias": np.zeros(DIM, np.float32),
            "text.linear.weight": np.eye(DIM, TEXT, dtype=np.float32),
            "text.linear.bias": np.zeros(DIM, np.float32),
        }


def unchecked(spec: RunSpec, config: TrainingConfig) -> RunSpec:
    """The run with another training; its encoder is the test's, whatever its config names."""
    return replace(spec, config=spec.config.model_copy(update={"training": config}))


class Towers(Bench):
    """A run whose images are there as PNGs."""

    def __init__(self, root: Path, config: TrainingConfig = ALL) -> None:
        super().__init__(root)
        self.encoder, self.spec = TowerEncoder(), unchecked(self.spec, config)
        records, whole = [], b""
        for number, image_id in enumerate(IDS):
            file = io.BytesIO()
            Image.fromarray(PICTURES[number % len(PICTURES)]).save(file, "PNG")
            caption = Caption(kind="tar", text=f"a {WORDS[int(image_id[16:], 16)]} thing")
            records.append(
                ImageRecord(image_id=image_id, keys=(f"key-{number}",), captions=(caption,),
                            store="images.bin", offset=len(whole), length=file.tell())
            )  # fmt: skip
            whole += file.getvalue()
        self.objects.put("images.bin", whole)
        dedupe = Output(self.objects, "corpora/c", stage("dedupe"), "s1")
        dedupe.table("images", ImageRecord, records)
        self.commits["dedupe"] = self._commit("dedupe", dedupe)


def test_both_towers_are_trained_and_published_as_plain_tensors(tmp_path: Path) -> None:
    bench = Towers(tmp_path)
    bench.split()
    out, _ = bench.train()
    curve = out.facts["curve"]
    assert [row["step"] for row in curve] == [0, 2, 4, 6, 8]
    assert curve[-1]["loss_compose"] < curve[2]["loss_compose"]
    assert out.facts["published"] is True
    files = [file for file in out.files if file.data_set == "checkpoint"]
    weights, config = read_checkpoint(bench.objects, files)
    card = json.loads(config)
    assert card["training"]["trainable"] == "all"
    assert card["version"] == out.facts["version"]
    assert {name.partition(".")[0] for name in load(weights)} == {
        "tower", "mean", "std", "image", "text"}  # fmt: skip
    tower = TowerEncoder().joint()
    load_whole(weights, config, tower, encoder_id="toy")
    before = small_clip().module.state_dict()
    after = tower.module.state_dict()
    assert not torch.equal(before["visual.conv1.weight"], after["visual.conv1.weight"])


def test_an_encoder_without_a_joint_model_is_refused(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.spec = unchecked(bench.spec, ALL)
    bench.split()
    with pytest.raises(ConfigError, match="batch norms"):
        bench.train()


def test_a_run_that_would_train_the_starters_towers_is_refused_before_it_begins() -> None:
    with pytest.raises(ConfigError, match="folded away"):
        parse_config({"training": {"trainable": "all"}})
