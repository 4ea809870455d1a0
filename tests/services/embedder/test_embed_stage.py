"""The stage embed on a shard in a folder: what it writes, what it rejects and that it balances."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pairmill.adapters.objects.folder import FolderObjects
from pairmill.config import CaptioningConfig, EncoderConfig, RunConfig
from pairmill.config.chat import ChatConfig
from pairmill.core.captions import MachineCaption
from pairmill.core.errors import FormatError
from pairmill.core.ids import image_id
from pairmill.core.prompting.caption import caption_of
from pairmill.core.records import Caption, ImageRecord, Reject
from pairmill.pipeline.commit import Commit, Counts, DataFile
from pairmill.pipeline.graph import Graph, RunSpec
from pairmill.pipeline.images import Images, load_machine_captions, machine_captions
from pairmill.pipeline.output import Output
from pairmill.pipeline.plan import stage
from pairmill.pipeline.progress import Silent
from pairmill.pipeline.shard import Shard, read_records, read_vectors
from pairmill.ports.encoder import Label, Space
from services.embedder.edits import embed_edits
from services.embedder.stage import embed

IMAGE = Space(name="visual_semantic", space_id="aaaa", dim=3, reads="image")
TEXT = Space(name="caption", space_id="bbbb", dim=2, reads="text")
POISON, HUGE, FLAT, GREEN, BLUE = "#ff0000", "#ff00ff", "#000000", "#00ff00", "#0000ff"

ASKED = ChatConfig(model="seer/1")


class ColourEncoder:
    """Features are mean colours and a count; red gives NaN, magenta overflows, black is zero."""

    encoder_id, image_dim, text_dim, spaces = "colours", 4, 2, (IMAGE, TEXT)
    longest_side = 40

    def __init__(self) -> None:
        self.batches: list[int] = []

    def prepare(self, image: Image.Image) -> NDArray[np.uint8]:
        return np.asarray(image.resize((2, 2)))

    def image_features(self, pixels_BHWC: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.batches.append(len(pixels_BHWC))
        found = pixels_BHWC.mean((1, 2)).astype(np.float32) / 3
        found = np.concatenate([found, np.ones((len(found), 1), np.float32)], axis=1)
        red, _, blue, _ = found.T > 50
        found[red & ~blue, 0] = np.nan
        found[red & blue, 0] = 1e6
        return found

    def text_features(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = [[len(text), np.nan if "poison" in text else 1] for text in texts]
        return np.array(rows, np.float32).reshape(len(texts), 2)

    def project(self, space: str, features_BF: NDArray[np.float32]) -> NDArray[np.float32]:
        kept = features_BF[:, :3] if space == IMAGE.name else features_BF
        norms = np.linalg.norm(kept, axis=1, keepdims=True)
        norms[norms == 0] = 1
        unit: NDArray[np.float32] = kept / norms
        return unit

    def labels(self, features_BF: NDArray[np.float32]) -> list[tuple[Label, ...]]:
        """Green is a leaf; anything else may be a berry, and is more likely food."""
        leaf, berry = Label(name="leaf", probability=0.9), Label(name="berry", probability=0.4)
        food = Label(name="food", probability=0.6)
        return [(leaf,) if row[1] > row[2] else (berry, food) for row in features_BF]

    def head(self) -> Mapping[str, NDArray[np.float32]]:
        return {}


class Speechless(ColourEncoder):
    """The same without a classifier."""

    def labels(self, features_BF: NDArray[np.float32]) -> list[tuple[Label, ...]]:
        return [() for _ in features_BF]


@dataclass
class World:
    """One shard `s` of images that dedupe left, in a folder, and what the stage made of it."""

    objects: FolderObjects
    records: list[ImageRecord] = field(default_factory=list)
    place: str = ""
    batch: int = 2
    captioner: Literal["rules", "none", "llm"] = "none"
    asked: list[MachineCaption] = field(default_factory=list)
    encoder: ColourEncoder = field(default_factory=ColourEncoder)

    def add(self, colour: str, caption: str = "", *, data: bytes = b"") -> ImageRecord:
        """Add an image; `data` are its stored bytes where they are not those of the colour."""
        sink = io.BytesIO()
        Image.new("RGB", (40, 30 + len(self.records)), colour).save(sink, "PNG")
        data = data or sink.getvalue()
        found = ImageRecord(
            image_id=image_id(sink.getvalue()), keys=(f"k{len(self.records)}",), format="png",
            captions=(Caption(kind="sidecar", text=caption),) if caption else (),
            store=f"images/{len(self.records)}", length=len(data),
        )  # fmt: skip
        self.objects.put(found.store, data)
        self.records.append(found)
        return found

    def run(self) -> tuple[Counts, Output]:
        """Run the stage."""
        captioning = CaptioningConfig(captioner=self.captioner, chat=ASKED)
        encoder = EncoderConfig(batch=self.batch, threads=2)
        config = RunConfig(encoder=encoder, captioning=captioning)
        graph = Graph(RunSpec(name="r", corpus="c", config=config, encoder_id="e", gallery="g"))
        before = Output(self.objects, "corpora/c", stage("dedupe"), "all")
        before.table("images", ImageRecord, self.records, shard="s")
        before.table("images", ImageRecord, [], shard="another")
        files, counts = before.files, Counts(inputs=0, outputs=0)
        commit = Commit(node="dedupe", shard="all", inputs="", files=files, counts=counts)
        source = "dedupe" + self.place
        commits = {source: (commit,)}
        if self.captioner == "llm":
            said = Output(self.objects, "corpora/c", stage("caption"), "s")
            said.table("captions", MachineCaption, self.asked)
            commits["caption"] = (replace(commit, node="caption", shard="s", files=said.files),)
        shard = Shard(name="s", node="embed" + self.place, graph=graph, home="corpora/c",
                      commits=commits, own=frozenset(commits))  # fmt: skip
        out = Output(self.objects, "corpora/c", stage("embed"), "s")
        done = embed(shard, out, Images(self.objects, self.objects), self.encoder, Silent())
        return done, out

    def vectors(self, out: Output, data_set: str) -> tuple[list[str], NDArray[np.float32]]:
        """Return what the stage wrote under a data set."""
        return read_vectors(self.objects, files_of(out, data_set))

    def rejects(self, out: Output) -> list[Reject]:
        """Return the rejects that the stage wrote."""
        return list(read_records(self.objects, files_of(out, "rejects/embed"), Reject))


def files_of(out: Output, data_set: str) -> list[DataFile]:
    return [file for file in out.files if file.data_set == data_set]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(FolderObjects(tmp_path))


def test_features_and_spaces_are_written_in_order_with_their_ids(world: World) -> None:
    ids = [world.add(colour, "x").image_id for colour in (GREEN, BLUE, "#00ffff")]
    counts, out = world.run()
    assert counts == Counts(inputs=3, outputs=3)
    found, features = world.vectors(out, "features")
    assert found == ids
    np.testing.assert_array_equal(features, [[0, 85, 0, 1], [0, 0, 85, 1], [0, 85, 85, 1]])
    found, vectors = world.vectors(out, "embeddings/aaaa")
    assert found == ids
    np.testing.assert_allclose(vectors[2], [0, 0.5**0.5, 0.5**0.5], atol=1e-3)
    assert out.facts["spaces"] == [
        {"name": "visual_semantic", "space_id": "aaaa", "dim": 3, "reads": "image"},
        {"name": "caption", "space_id": "bbbb", "dim": 2, "reads": "text"},
    ]


def test_the_caption_space_holds_only_images_with_a_caption(world: World) -> None:
    world.add(GREEN)
    told = world.add(BLUE, "a blue thing")
    world.add("#008800", "   ")
    counts, out = world.run()
    assert counts.outputs == 3
    assert world.vectors(out, "embeddings/bbbb")[0] == [told.image_id]


def test_batches_are_cut_within_the_shard(world: World) -> None:
    for _ in range(5):
        world.add(GREEN)
    world.run()
    assert world.encoder.batches == [2, 2, 1]


def test_nan_overflow_and_a_zero_norm_are_rejects_that_spare_their_neighbours(world: World) -> None:
    bad = [world.add(colour, "x").image_id for colour in (POISON, HUGE, FLAT)]
    good = world.add(GREEN, "x").image_id
    counts, out = world.run()
    assert counts == Counts(inputs=4, outputs=1, rejects={"non_finite": 3})
    values = {reject.record_id: reject.value for reject in world.rejects(out)}
    assert list(values) == bad
    assert values[bad[0]] == values[bad[1]] == "1 of 4 features"
    assert values[bad[2]] == "norm 0 in visual_semantic, wanted 1"
    for data_set in ("features", "embeddings/aaaa", "embeddings/bbbb"):
        assert world.vectors(out, data_set)[0] == [good]


def test_a_caption_that_is_not_finite_leaves_its_image_in(world: World) -> None:
    ids = [world.add(GREEN, text).image_id for text in ("poison", "fine")]
    counts, out = world.run()
    assert counts == Counts(inputs=2, outputs=2, parts={"non_finite": 1})
    assert world.vectors(out, "features")[0] == ids
    assert world.vectors(out, "embeddings/bbbb")[0] == ids[1:]


def test_bytes_that_do_not_decode_are_a_reject_also_where_they_fill_a_batch(world: World) -> None:
    bad = [world.add(GREEN, data=data).image_id for data in (b"no image", b"\x89PNG\r\n\x1a\n")]
    world.add(GREEN)
    counts, out = world.run()
    assert counts == Counts(inputs=3, outputs=1, rejects={"undecodable": 2})
    assert [reject.record_id for reject in world.rejects(out)] == bad
    assert world.encoder.batches == [1]


def test_a_source_that_changed_keeps_its_own_rule(world: World) -> None:
    world.add(GREEN)
    world.add(BLUE, data=b"changed")
    world.records = [replace(record, in_source=True) for record in world.records]
    world.add("#00ffff")
    world.records[2] = replace(world.records[2], in_source=True, store="images/gone")
    counts, _ = world.run()
    assert counts.rejects == {"source_changed": 1, "source_missing": 1}
    assert counts.outputs == 1


def test_a_store_that_lost_an_image_stops_the_run(world: World) -> None:
    world.objects.delete(world.add(GREEN).store)
    with pytest.raises(FormatError, match="restore the file"):
        world.run()


def test_an_empty_shard_writes_empty_files(world: World) -> None:
    counts, out = world.run()
    assert counts == Counts(inputs=0, outputs=0)
    assert {file.data_set: file.num_rows for file in out.files} == {
        "features": 0, "embeddings/aaaa": 0, "embeddings/bbbb": 0, "captions": 0,
    }  # fmt: skip


def test_what_nobody_captioned_gets_a_caption_by_machine_that_the_caption_space_holds(
    world: World,
) -> None:
    world.captioner = "rules"
    ids = [world.add(GREEN).image_id, world.add(BLUE, "my own").image_id, world.add(BLUE).image_id]
    _, out = world.run()
    made = load_machine_captions(world.objects, list(out.files))
    assert {image: caption.text for image, caption in made.items()} == {
        ids[0]: "green leaf", ids[2]: "blue food",
    }  # fmt: skip
    assert {caption.kind for caption in made.values()} == {"machine"}
    assert machine_captions(world.objects, files_of(out, "captions"))[ids[0]] == ("green leaf",)
    assert out.facts["captions"] == {"human": 1, "machine": 2, "none": 0}
    found, vectors = world.vectors(out, "embeddings/bbbb")
    assert found == ids
    lengths = [len(text) for text in ("green leaf", "my own", "blue food")]
    np.testing.assert_allclose(vectors[:, 0] / vectors[:, 1], lengths, rtol=1e-2)


def test_captioning_can_be_switched_off(world: World) -> None:
    world.add(GREEN)
    _, out = world.run()
    assert machine_captions(world.objects, files_of(out, "captions")) == {}
    assert out.facts["captions"] == {"human": 0, "machine": 0, "none": 1}
    assert world.vectors(out, "embeddings/bbbb")[0] == []


def test_what_a_model_was_asked_for_takes_the_place_of_what_embed_would_make(world: World) -> None:
    world.captioner = "llm"
    told, own, silent, lost = (
        world.add(GREEN), world.add(BLUE, "my own"), world.add(BLUE), world.add(POISON)
    )  # fmt: skip
    world.asked = [caption_of(image, {"caption": "a leaf, in rain"}) for image in (told, lost)]
    _, out = world.run()
    made = load_machine_captions(world.objects, list(out.files))
    assert made == {told.image_id: world.asked[0]}
    assert out.facts["captions"] == {"human": 1, "machine": 1, "none": 1}
    assert world.vectors(out, "embeddings/bbbb")[0] == [told.image_id, own.image_id]
    assert silent.image_id in world.vectors(out, "features")[0]


def test_an_image_that_is_rejected_gets_no_caption(world: World) -> None:
    world.captioner = "rules"
    world.add(POISON)
    _, out = world.run()
    assert load_machine_captions(world.objects, files_of(out, "captions")) == {}


def test_inside_the_gallery_it_reads_the_gallerys_images(world: World) -> None:
    world.place = "@gallery"
    world.add(GREEN)
    assert world.run()[0].outputs == 1


def test_equal_shards_give_equal_files(world: World) -> None:
    for colour in (GREEN, POISON, BLUE, FLAT, "#00ffff"):
        world.add(colour, "x")
    assert world.run()[1].files == world.run()[1].files


def test_edits_get_features_alone_as_images_of_their_bytes_would(world: World) -> None:
    for colour in (GREEN, BLUE, POISON):
        world.add(colour)
    config = RunConfig(encoder=EncoderConfig(batch=2, threads=2))
    graph = Graph(RunSpec(name="r", corpus="c", config=config, encoder_id="e"))
    before = Output(world.objects, "runs/r", stage("edit"), "s")
    before.table("edits", ImageRecord, world.records)
    before.blob("edits", b"no table", "tar")
    commit = Commit(node="edit", shard="s", inputs="", files=before.files,
                    counts=Counts(inputs=0, outputs=0))  # fmt: skip
    shard = Shard(name="s", node="embed_edits", graph=graph, home="runs/r",
                  commits={"edit": (commit,)}, own=frozenset({"edit"}))  # fmt: skip
    out = Output(world.objects, "runs/r", stage("embed_edits"), "s")
    images = Images(world.objects, world.objects)
    counts = embed_edits(shard, out, images, world.encoder, Silent())
    assert counts == Counts(inputs=3, outputs=2, rejects={"non_finite": 1})
    assert {file.data_set for file in out.files} == {"features", "rejects/embed_edits"}
    _, as_images = world.run()
    ids, features = world.vectors(out, "features")
    want_ids, want = world.vectors(as_images, "features")
    assert ids == want_ids == [record.image_id for record in world.records[:2]]
    assert (features == want).all()


def test_a_colour_alone_is_told_but_not_put_into_the_caption_space(world: World) -> None:
    world.captioner = "rules"
    world.encoder = Speechless()
    world.add(GREEN)
    _, out = world.run()
    assert list(machine_captions(world.objects, list(out.files)).values()) == [("mostly green",)]
    assert world.vectors(out, "embeddings/bbbb")[0] == []
