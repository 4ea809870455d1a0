"""The stage `index`: every image's vector, or a reject; on the corpus and on the gallery."""

from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from pairmill.adapters.objects.folder import FolderObjects
from pairmill.config import EncoderConfig, RunConfig
from pairmill.core.records import Reject
from pairmill.models.heads import Heads, HeadsShape, head_arrays
from pairmill.models.opening import Opener
from pairmill.models.retriever import Retriever
from pairmill.pipeline.commit import Commit, Counts
from pairmill.pipeline.graph import Graph, RunSpec
from pairmill.pipeline.images import Images
from pairmill.pipeline.output import Output
from pairmill.pipeline.plan import stage
from pairmill.pipeline.shard import Shard, read_records, read_vectors
from pairmill.ports.encoder import Encoder
from pairmill.ports.objects import ObjectStore
from services.indexer import stage as indexer

IDS = [f"{n:032x}" for n in range(600)]


class Count:
    """Progress that adds up."""

    def __init__(self) -> None:
        self.done = 0

    def advance(self, count: int = 1) -> None:
        self.done += count

    def total(self, count: int) -> None:
        pass


class NoEncoder:
    """Has nothing that could be asked for: heads are given features that were committed."""


NO_SOURCE = cast("ObjectStore", None)


def heads(overflow: bool = False) -> dict[str, NDArray[np.float32]]:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    found = Heads(HeadsShape(image_dim=3, text_dim=2, dim=4, num_hidden=2))
    if overflow:
        torch.nn.init.constant_(found.image.linear.weight, 3e38)
    return head_arrays(found)


def features(num: int) -> NDArray[np.float32]:
    found = np.random.default_rng(1).standard_normal((num, 3)).astype(np.float16)
    return np.asarray(found, np.float32)


def run(
    root: Path, num: int, *, place: str = "", overflow: bool = False
) -> tuple[FolderObjects, Output, Counts, int]:
    objects = FolderObjects(root)
    embed = Output(objects, "corpora/c", stage("embed"), "s0")
    embed.vectors("features", IDS[:num], features(num))
    train = Output(objects, "runs/r", stage("train"), "all")
    for ending, data in Retriever.untrained(heads(overflow), encoder_id="tiny").save().items():
        train.blob("checkpoint", data, ending)
    commits = {
        name: (Commit(node=name, shard="s0", inputs="", files=out.files,
                      counts=Counts(inputs=0, outputs=0)),)
        for name, out in ((f"embed{place}", embed), ("train", train))
    }  # fmt: skip
    spec = RunSpec(name="r", corpus="c", config=RunConfig(), encoder_id="tiny", gallery="g")
    shard = Shard(name="s0", node=f"index{place}", graph=Graph(spec), home="galleries/c",
                  commits=commits, own=frozenset({f"embed{place}"}))  # fmt: skip
    out, progress = Output(objects, "galleries/c", stage("index"), "s0"), Count()
    opener = Opener(cast("Encoder", NoEncoder()), EncoderConfig())
    counts = indexer.index(shard, out, Images(objects, NO_SOURCE), opener, progress)
    return objects, out, counts, progress.done


@pytest.mark.parametrize("place", ["", "@gallery"])
def test_every_image_has_the_unit_vector_of_the_published_retriever(
    tmp_path: Path, place: str
) -> None:
    objects, out, counts, done = run(tmp_path, 600, place=place)
    ids, vectors = read_vectors(objects, [f for f in out.files if f.data_set == "vectors"])
    want = Retriever.untrained(heads(), encoder_id="").embed_images(features(600))
    assert (counts.inputs, counts.outputs, done) == (600, 600, 600)
    assert ids == IDS
    assert np.allclose(vectors, want, atol=1e-3)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=2e-3)


def test_a_vector_that_is_not_finite_is_a_reject(tmp_path: Path) -> None:
    with np.errstate(all="ignore"):
        objects, out, counts, _ = run(tmp_path, 5, overflow=True)
    assert counts.outputs + counts.rejects["non_finite"] == counts.inputs == 5
    (file,) = [f for f in out.files if f.data_set == "rejects/index"]
    rejects = list(read_records(objects, [file], Reject))
    assert rejects[0].value == "4 of 4"
    assert rejects[0].keys == (rejects[0].record_id,)


def test_an_empty_shard_has_an_empty_file(tmp_path: Path) -> None:
    _, out, counts, _ = run(tmp_path, 0)
    assert (counts.inputs, [f.num_rows for f in out.files]) == (0, [0])


def test_equal_shards_write_equal_bytes(tmp_path: Path) -> None:
    assert run(tmp_path / "a", 20)[1].files == run(tmp_path / "b", 20)[1].files
