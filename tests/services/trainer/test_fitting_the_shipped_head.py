"""The script that fits the shipped head reads a run's features and captions, joined by id."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pairmill.adapters.objects.folder import FolderObjects
from pairmill.config import RunConfig
from pairmill.core.errors import CorpusError
from pairmill.core.records import Caption, ImageRecord
from pairmill.models.fitting import fit_head
from pairmill.pipeline.commit import Commit, Counts
from pairmill.pipeline.graph import Graph, RunSpec
from pairmill.pipeline.output import Output
from pairmill.pipeline.plan import stage
from pairmill.pipeline.shard import Shard
from services.trainer.fit_head import LEAST_IMAGES, fit_from, main

IMAGE, TEXT, DIM = 10, 6, 4


class LengthEncoder:
    """The encoder of a test: a text's features are drawn from its words."""

    def text_features(self, texts: Sequence[str]) -> NDArray[np.float32]:
        drawn = [np.random.default_rng(int(text.split()[-1])).normal(size=TEXT) for text in texts]
        return np.array(drawn, np.float32)

    def head(self) -> Mapping[str, NDArray[np.float32]]:
        weight = np.random.default_rng(9).normal(size=(DIM, IMAGE)).astype(np.float32)
        return {"mean": np.zeros(IMAGE, np.float32), "std": np.ones(IMAGE, np.float32),
                "image.linear.weight": weight}  # fmt: skip


def corpus(root: Path, num: int) -> tuple[Shard, FolderObjects, NDArray[np.float32]]:
    objects, ids = FolderObjects(root), [f"{n:032x}" for n in range(num)]
    raw = np.random.default_rng(0).normal(size=(num, IMAGE)).astype(np.float16)
    embed = Output(objects, "corpora/c", stage("embed"), "s")
    embed.vectors("features", ids, raw)
    dedupe = Output(objects, "corpora/c", stage("dedupe"), "s")
    records = [
        ImageRecord(image_id=i, keys=(i,), captions=(Caption(kind="table", text=f"thing {n}"),))
        for n, i in enumerate(ids)
    ]
    silent = ImageRecord(image_id="f" * 32, keys=("silent",))
    dedupe.table("images", ImageRecord, [silent, *reversed(records)])
    commits = {
        name: (Commit(node=name, shard="s", inputs="", files=out.files,
                      counts=Counts(inputs=0, outputs=0)),)
        for name, out in (("embed", embed), ("dedupe", dedupe))
    }  # fmt: skip
    spec = RunSpec(name="r", corpus="c", config=RunConfig(), encoder_id="e")
    shard = Shard(name="all", node="train", graph=Graph(spec), home="", commits=commits)
    return shard, objects, raw.astype(np.float32)


def test_images_meet_their_own_captions(tmp_path: Path) -> None:
    shard, objects, images = corpus(tmp_path, LEAST_IMAGES)
    encoder = LengthEncoder()
    got = fit_from(shard, objects, encoder)  # type: ignore[arg-type]
    texts = encoder.text_features([f"thing {n}" for n in range(LEAST_IMAGES)])
    want = fit_head(encoder.head(), images, texts)
    assert all(np.array_equal(got[name], want[name]) for name in want)


def test_a_corpus_with_too_few_captions_is_refused(tmp_path: Path) -> None:
    shard, objects, _ = corpus(tmp_path, 3)
    with pytest.raises(CorpusError, match="got 3 images with a caption"):
        fit_from(shard, objects, LengthEncoder())  # type: ignore[arg-type]


def test_a_folder_without_a_run_is_an_error_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path), str(tmp_path / "head.safetensors")]) == 1
    assert "no run yet" in capsys.readouterr().err
    assert not (tmp_path / "head.safetensors").exists()
