"""Evaluation where towers were trained, too: `after` sees the images anew, the others do not."""

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from pairmill.config import EncoderConfig
from pairmill.core.errors import ConfigError
from pairmill.core.records import ImageRecord, Reject
from pairmill.models.opening import Opener
from pairmill.models.tower_parts import JointTower
from pairmill.pipeline.shard import read_records
from pairmill.ports.encoder import Encoder
from tests.pairmill.models.small_clip import (
    PICTURES,
    clip_that_reads,
    picture_file,
    trained_checkpoint,
)
from tests.services.evaluator.test_evaluate_stage import (
    NUM,
    WORDS,
    Run,
    TinyEncoder,
    jsonl,
    query,
    triplet,
)

Floats = NDArray[np.float32]
FILES = [picture_file(7 * n) for n in range(NUM)]
LOST = 3
KEPT = [n for n in range(NUM) if LOST not in (n, (n + 5) % NUM)]
"""Queries that do not name the lost image."""


def tower(seed: int) -> JointTower:
    """A small CLIP that reads which word a text has."""
    return clip_that_reads(WORDS, seed)


class JointEncoder(TinyEncoder):
    """The tiny encoder with a joint model."""

    def joint(self) -> JointTower:
        return tower(0)


class TowersRun(Run):
    """A run whose towers were trained, too. Its source has lost the image i3."""

    def _images(self, place: str, rows: range) -> None:
        super()._images(place, rows)
        out = self.out("dedupe", place)
        out.table("images", ImageRecord, [
            ImageRecord(image_id=f"i{n}", keys=(f"k{n}", f"also {n}"), store=f"{n}.png",
                        length=len(FILES[n]), in_source=n == LOST)
            for n in rows
        ])  # fmt: skip
        for n in set(rows) - {LOST}:
            self.objects.put(f"{n}.png", FILES[n])
        self.commit(f"dedupe{place}", out)

    def train(self, tensors: dict[str, Floats], encoder_id: str = "tiny") -> None:
        out = self.out("train")
        for ending, data in trained_checkpoint(encoder_id).items():
            out.blob("checkpoint", data, ending)
        self.commit("train", out)

    def opener(self) -> Opener:
        return Opener(cast("Encoder", JointEncoder()), EncoderConfig(threads=1))


@torch.no_grad()
def recall(searched: Sequence[int], asked: Sequence[int]) -> float:
    """Recall@1 of `query(n)` by direct passes of the trained tower, one query after another."""
    trained, hits = tower(7), 0
    images = trained.image.encode(torch.from_numpy(PICTURES[[7 * n for n in range(NUM)]]))
    gallery = torch.nn.functional.normalize(images[list(searched)], dim=1)
    for n in asked:
        words = trained.text.encode(trained.text.tokenise([f"make it {WORDS[n % 4]}"]))[0]
        scores = dict(zip(searched, (gallery @ (images[n] + words)).tolist(), strict=True))
        scores.pop(n, None)
        hits += max(scores, key=lambda row: scores[row]) == (n + 5) % NUM
    return hits / len(asked)


def test_the_figures_after_are_those_of_a_walk_by_direct_passes(tmp_path: Path) -> None:
    run = TowersRun(tmp_path, jsonl(*map(query, KEPT)))
    quality, _, counts = run.evaluate()
    assert (counts.inputs, counts.outputs) == (len(KEPT), len(KEPT))
    wanted = recall([n for n in range(NUM) if n != LOST], KEPT)
    assert quality["after"]["composed"]["recall@1"] == pytest.approx(wanted, abs=1e-6)
    assert quality["protocol"]["gallery_size"] == NUM - 1
    assert set(quality["raw"]) == {"image_only"}


def test_images_that_cannot_be_seen_are_rejects_and_so_are_the_queries_that_name_them(
    tmp_path: Path,
) -> None:
    run = TowersRun(tmp_path, jsonl(*map(query, range(NUM))))
    _, out, counts = run.evaluate()
    assert dict(counts.rejects) == {"unknown_image": 1, "unknown_target": 1}
    assert dict(counts.parts) == {"source_missing": 1}
    files = [file for file in out.files if file.data_set == "rejects/evaluate"]
    (lost,) = [r for r in read_records(run.objects, files, Reject) if r.unit == "image"]
    assert (lost.record_id, lost.keys) == (f"i{LOST}", (f"i{LOST}",))


def test_a_gallery_and_query_images_of_the_corpus_are_both_seen_anew(tmp_path: Path) -> None:
    asked = [query(n, targets=[f"k{(n + 5) % NUM}"]) for n in (1, 2, 4, 5)]
    quality, _, counts = TowersRun(tmp_path, jsonl(*asked), "g").evaluate()
    assert (counts.inputs, counts.outputs) == (4, 4)
    wanted = recall(range(6, NUM), (1, 2, 4, 5))
    assert quality["after"]["composed"]["recall@1"] == pytest.approx(wanted, abs=1e-6)


def test_without_a_benchmark_the_held_out_triplets_are_asked_by_trained_towers(
    tmp_path: Path,
) -> None:
    run = TowersRun(tmp_path)
    run.triplets([triplet(0, 0, 1, "one"), triplet(1, 2, LOST, "two")], ["validation"] * 2)
    quality, _, counts = run.evaluate()
    assert dict(counts.rejects) == {"unknown_target": 1}
    assert (counts.outputs, quality["protocol"]["gallery_size"]) == (1, 3)
    run = TowersRun(tmp_path / "none")
    run.triplets([], [])
    assert run.evaluate()[0]["after"] == {}


def test_a_checkpoint_of_towers_on_another_encoder_is_refused(tmp_path: Path) -> None:
    run = TowersRun(tmp_path, jsonl(query(0)))
    run.train({}, encoder_id="other")
    with pytest.raises(ConfigError, match="runs encoder tiny"):
        run.evaluate()
