"""The stage `index` where towers were trained, too: it looks at the shard's images anew."""

from pathlib import Path
from typing import cast

import numpy as np
import pytest

from pairmill.adapters.objects.folder import FolderObjects
from pairmill.config import EncoderConfig, RunConfig, TrainingConfig
from pairmill.core.ids import image_id
from pairmill.core.records import ImageRecord
from pairmill.models.opening import Opener
from pairmill.models.retriever import Retriever
from pairmill.models.tower_parts import JointTower
from pairmill.pipeline.commit import Commit, Counts
from pairmill.pipeline.graph import Graph, RunSpec
from pairmill.pipeline.images import Images
from pairmill.pipeline.output import Output
from pairmill.pipeline.plan import stage
from pairmill.pipeline.shard import Shard, read_vectors
from pairmill.ports.encoder import Encoder
from services.indexer.stage import index
from tests.pairmill.models.small_clip import (
    DIM,
    identity_head,
    picture_file,
    seen_by,
    small_clip,
    trained_checkpoint,
)
from tests.services.indexer.test_index_stage import Count

ROWS = (3, 10, 20, 31, 40)
FILES = [picture_file(row) for row in ROWS]
IDS = [image_id(data) for data in FILES]
CONFIG = RunConfig(encoder=EncoderConfig(threads=1, batch=2))


class JointEncoder:
    """An encoder whose joint model is a small CLIP."""

    encoder_id = "tiny"

    def joint(self) -> JointTower:
        return small_clip()


class World:
    """A shard of five images that lie in a source, and a checkpoint."""

    def __init__(self, root: Path, checkpoint: dict[str, bytes], place: str = "") -> None:
        self.objects, self.source = FolderObjects(root / "out"), FolderObjects(root / "source")
        self.place, self.progress = place, Count()
        dedupe, embed = (Output(self.objects, "corpora/c", stage(name), "s0")
                         for name in ("dedupe", "embed"))  # fmt: skip
        train = Output(self.objects, "runs/r", stage("train"), "all")
        for name, data in zip(IDS, FILES, strict=True):
            self.source.put(f"{name}.png", data)
        # in an order of their own, and with one that has no features
        names = ["f" * 32, *IDS[::-1]]
        dedupe.table("images", ImageRecord, [
            ImageRecord(image_id=name, keys=(name,), store=f"{name}.png", in_source=True,
                        length=len(dict(zip(IDS, FILES, strict=True)).get(name, b"")))
            for name in names
        ])  # fmt: skip
        self.features = np.random.default_rng(0).standard_normal((5, DIM)).astype(np.float16)
        embed.vectors("features", IDS, self.features)
        for ending, data in checkpoint.items():
            train.blob("checkpoint", data, ending)
        self.commits = {
            name: (Commit(node=name, shard="s0", inputs="", files=out.files,
                          counts=Counts(inputs=0, outputs=0)),)
            for name, out in ((f"dedupe{place}", dedupe), (f"embed{place}", embed),
                              ("train", train))
        }  # fmt: skip

    def index(self) -> tuple[list[str], np.ndarray, Counts]:
        training = TrainingConfig(trainable="all")
        config = CONFIG.model_copy(update={"training": training})
        spec = RunSpec(name="r", corpus="c", config=config, encoder_id="tiny", gallery="g")
        node = Graph(spec).node(f"index{self.place}")
        shard = Shard(name="s0", node=node.name, graph=Graph(spec), home="galleries/c",
                      commits={name: self.commits[name] for name in node.takes},
                      own=frozenset(node.takes) - node.whole)  # fmt: skip
        out = Output(self.objects, "galleries/c", stage("index"), "s0")
        opener = Opener(cast("Encoder", JointEncoder()), CONFIG.encoder)
        counts = index(shard, out, Images(self.objects, self.source), opener, self.progress)
        ids, vectors = read_vectors(self.objects, [f for f in out.files if f.data_set == "vectors"])
        return ids, vectors, counts


@pytest.mark.parametrize("place", ["", "@gallery"])
def test_the_vectors_are_those_of_direct_passes_of_the_trained_tower(
    tmp_path: Path, place: str
) -> None:
    world = World(tmp_path, trained_checkpoint("tiny"), place)
    ids, vectors, counts = world.index()
    assert ids == IDS
    np.testing.assert_allclose(vectors, seen_by(small_clip(seed=7), ROWS), atol=1e-3)
    assert (counts.inputs, counts.outputs, world.progress.done) == (5, 5, 5)


def test_images_that_cannot_be_seen_any_more_are_rejects(tmp_path: Path) -> None:
    world = World(tmp_path, trained_checkpoint("tiny"))
    (tmp_path / "source" / f"{IDS[0]}.png").unlink()
    world.source.put(f"{IDS[3]}.png", FILES[0])
    ids, vectors, counts = world.index()
    assert ids == [IDS[1], IDS[2], IDS[4]]
    rows = (ROWS[1], ROWS[2], ROWS[4])
    np.testing.assert_allclose(vectors, seen_by(small_clip(seed=7), rows), atol=1e-3)
    assert (counts.inputs, counts.outputs, world.progress.done) == (5, 3, 5)
    assert dict(counts.rejects) == {"source_missing": 1, "source_changed": 1}


def test_heads_are_given_the_features_that_embed_wrote_and_no_image_is_read(
    tmp_path: Path,
) -> None:
    untrained = Retriever.untrained(identity_head(DIM, DIM), encoder_id="tiny")
    world = World(tmp_path, untrained.save())
    for name in IDS:
        (tmp_path / "source" / f"{name}.png").unlink()
    ids, vectors, counts = world.index()
    wanted = untrained.embed_images(world.features.astype(np.float32))
    assert (ids, counts.outputs) == (IDS, 5)
    np.testing.assert_allclose(vectors, wanted, atol=1e-3)
