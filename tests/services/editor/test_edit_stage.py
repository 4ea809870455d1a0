"""The stage edit on shards in a folder: what it draws, writes and rejects, and that it balances."""

import io
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pairmill.adapters.objects.folder import FolderObjects
from pairmill.config import EditingConfig, RunConfig
from pairmill.core.ids import image_id, order_key, sha256_hex
from pairmill.core.records import ImageRecord, Reject, Triplet
from pairmill.decode import open_stored
from pairmill.pipeline.commit import Commit, Counts
from pairmill.pipeline.graph import Graph, RunSpec
from pairmill.pipeline.images import Images, read_image_records
from pairmill.pipeline.output import Output
from pairmill.pipeline.plan import stage
from pairmill.pipeline.progress import Silent
from pairmill.pipeline.shard import Shard, read_records
from services.editor.stage import edit

BENCHMARK = '{"query_id": "1", "query_image": "s0-1", "instruction": "x", "targets": ["s1-0"]}\n'


def picture(seed: int) -> bytes:
    """Return the bytes of a shaded disc on white."""
    draw = np.random.default_rng(seed)
    pixels = np.full((48, 48, 3), 255, np.uint8)
    down, across = np.mgrid[:48, :48]
    inside = (down - 24) ** 2 + (across - 20 - seed % 8) ** 2 < 15**2
    pixels[inside] = draw.integers(20, 200, 3) // 2 + (down + across)[inside][:, None]
    sink = io.BytesIO()
    Image.fromarray(pixels).save(sink, "PNG")
    return sink.getvalue()


@dataclass
class World:
    """A corpus of two shards that dedupe left, and what the stage makes of each."""

    objects: FolderObjects
    config: EditingConfig
    benchmark: str = ""
    per_shard: int = 6
    name: str = "r"
    tables: dict[str, list[ImageRecord]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for shard in ("s0", "s1"):
            self.tables[shard] = [self._add(f"{shard}-{n}") for n in range(self.per_shard)]

    def _add(self, key: str) -> ImageRecord:
        data = picture(int(sha256_hex(key.encode())[:6], 16))
        self.objects.put(f"images/{key}", data)
        return ImageRecord(image_id=image_id(data), keys=(key,), format="png",
                           store=f"images/{key}", length=len(data))  # fmt: skip

    @property
    def ids(self) -> list[str]:
        """Every image's id."""
        return [record.image_id for table in self.tables.values() for record in table]

    def run(self, name: str = "s0") -> tuple[Counts, Output]:
        """Run the stage on one shard."""
        data = self.benchmark.encode()
        self.objects.put(f"runs/{self.name}/benchmark.jsonl", data)
        spec = RunSpec(name=self.name, corpus="c", config=RunConfig(editing=self.config),
                       encoder_id="e", benchmark=sha256_hex(data) if data else "")  # fmt: skip
        before = Output(self.objects, "corpora/c", stage("dedupe"), "all")
        for shard, table in self.tables.items():
            before.table("images", ImageRecord, table, shard=shard)
        commit = Commit(node="dedupe", shard="all", inputs="", files=before.files,
                        counts=Counts(inputs=0, outputs=0))  # fmt: skip
        shard_ = Shard(name=name, node="edit", graph=Graph(spec), home=f"runs/{self.name}",
                       commits={"dedupe": (commit,)})  # fmt: skip
        out = Output(self.objects, f"runs/{self.name}", stage("edit"), name)
        return edit(shard_, out, self.objects, Images(self.objects, self.objects), Silent()), out

    def read(self, out: Output, data_set: str, kind: type) -> list:  # type: ignore[type-arg]
        """Return the records of one of the stage's data sets."""
        files = [f for f in out.files if f.data_set == data_set and f.key.endswith(".parquet")]
        if kind is ImageRecord:
            return list(read_image_records(self.objects, files))
        return list(read_records(self.objects, files, kind))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(FolderObjects(tmp_path), EditingConfig(max_images=100, per_image=3))


def test_every_edit_is_a_triplet_whose_first_negative_is_the_image(world: World) -> None:
    counts, out = world.run()
    edits = {e.image_id: e for e in world.read(out, "edits", ImageRecord)}
    triplets = world.read(out, "triplets", Triplet)
    assert counts == Counts(inputs=18, outputs=18)
    assert [t.target_id for t in triplets] == list(edits)
    for triplet in triplets:
        source = triplet.query_id
        assert edits[triplet.target_id].attributes["edit_of"] == (source,)
        others = {t.target_id for t in triplets if t.query_id == source} - {triplet.target_id}
        assert triplet.negatives[0] == source
        assert set(triplet.negatives[1:]) == others
        assert triplet.relations == ("edit",)
        assert len(set(triplet.instructions)) >= 3


def test_an_edits_bytes_lie_where_its_record_says(world: World) -> None:
    _, out = world.run()
    images = Images(world.objects, world.objects)
    for record in world.read(out, "edits", ImageRecord):
        data = images.read(record)
        assert image_id(data) == record.image_id
        assert open_stored(data).size == (record.width, record.height)
        assert record.keys[0].startswith("s0-")
        assert record.keys[0].endswith(f"({record.attributes['operation'][0]}: "
                                       f"{record.attributes['value'][0]})")  # fmt: skip


def test_a_run_by_another_name_makes_the_same_bytes(world: World) -> None:
    _, one = world.run()
    world.name = "another"
    _, other = world.run()
    assert {file.key for file in one.files} & {file.key for file in other.files} == set()
    assert [(f.data_set, f.sha256) for f in one.files] == [
        (f.data_set, f.sha256) for f in other.files]  # fmt: skip
    for name, out in (("r", one), ("another", other)):
        stores = {record.store for record in world.read(out, "edits", ImageRecord)}
        assert stores == {f.key for f in out.files if f.key.endswith(".tar")}
        assert all(store.startswith(f"runs/{name}/edits/") for store in stores)


def test_images_are_drawn_by_id_from_the_whole_corpus(world: World) -> None:
    world.config = EditingConfig(max_images=5)
    drawn = sorted(world.ids, key=lambda i: order_key(0, "edit", i))[:5]
    found = set()
    for name in ("s0", "s1"):
        counts, out = world.run(name)
        here = {t.query_id for t in world.read(out, "triplets", Triplet)}
        assert counts.inputs == 3 * len(here)
        found |= here
    assert found == set(drawn)


def test_images_of_a_benchmark_are_never_edited(world: World) -> None:
    world.benchmark = BENCHMARK
    kept_out = {world.tables["s0"][1].image_id, world.tables["s1"][0].image_id}
    found = set()
    for name in ("s0", "s1"):
        _, out = world.run(name)
        found |= {t.query_id for t in world.read(out, "triplets", Triplet)}
    assert found == set(world.ids) - kept_out


def test_without_images_to_edit_the_tables_are_there_and_empty(world: World) -> None:
    world.config = EditingConfig(max_images=0)
    counts, out = world.run()
    assert counts == Counts(inputs=0, outputs=0)
    assert {file.data_set for file in out.files} == {"edits", "triplets"}
    assert world.read(out, "edits", ImageRecord) == []


def test_what_an_image_does_not_allow_is_rejected_once_for_each_edit(world: World) -> None:
    world.config = EditingConfig(per_image=4, operations=("recolour", "greyscale", "mirror"))
    grey = io.BytesIO()
    Image.new("RGB", (40, 40), "#777777").save(grey, "PNG")
    world.objects.put("images/s0-0", grey.getvalue())
    world.tables["s0"][0] = ImageRecord(image_id=image_id(grey.getvalue()), keys=("grey",),
                                        format="png", store="images/s0-0",
                                        length=len(grey.getvalue()))  # fmt: skip
    broken = world.tables["s0"][1]
    world.objects.put(broken.store, b"x" * broken.length)
    counts, out = world.run()
    rejects = world.read(out, "rejects/edit", Reject)
    assert counts.inputs == 24
    assert counts.balanced
    assert counts.rejects == {"too_few_edits": 4, "undecodable": 4}
    assert {r.record_id for r in rejects if r.rule == "undecodable"} == {broken.image_id}


def test_the_same_image_gives_the_same_edits_in_any_shard(world: World) -> None:
    def edits(shard: str) -> dict[str, tuple[str, ...]]:
        _, out = world.run(shard)
        return {t.pair_id: t.instructions for t in world.read(out, "triplets", Triplet)}

    want = edits("s0")
    world.tables = {"s0": [], "s1": [r for table in world.tables.values() for r in table]}
    assert want.items() <= edits("s1").items()


def test_the_same_edit_of_another_image_is_a_negative(world: World) -> None:
    world.config = EditingConfig(per_image=4, operations=("light", "zoom"))
    _, out = world.run("s0")
    found = world.read(out, "triplets", Triplet)
    edits = {e.image_id: e for e in world.read(out, "edits", ImageRecord)}
    alike = [
        (edits[t.target_id].attributes, edits[n].attributes)
        for t in found for n in t.negatives[1:] if edits[n].attributes["edit_of"] != (t.query_id,)
    ]  # fmt: skip
    assert alike
    assert all(one[k] == other[k] for one, other in alike for k in ("operation", "value"))


def test_equal_edits_of_two_images_lie_in_the_tar_once(world: World) -> None:
    world.config = EditingConfig(per_image=2, operations=("silhouette", "count"))
    one, two = world.tables["s0"][:2]
    bright = Image.open(io.BytesIO(world.objects.get(one.store))).point(lambda v: min(255, v + 1))
    sink = io.BytesIO()
    bright.save(sink, "PNG")
    world.objects.put(two.store, sink.getvalue())
    like_one = ImageRecord(image_id=image_id(sink.getvalue()), keys=("b",), store=two.store,
                           length=len(sink.getvalue()))  # fmt: skip
    world.tables["s0"] = [one, like_one]
    counts, out = world.run()
    edits = world.read(out, "edits", ImageRecord)
    shadows = [e for e in edits if e.attributes["operation"] == ("silhouette",)]
    assert (len(shadows), len({e.image_id for e in shadows})) == (2, 1)
    assert counts.outputs == len(edits) == 4
    (tar,) = [f for f in out.files if f.key.endswith(".tar")]
    assert tar.num_rows == 3
    assert len({t.pair_id for t in world.read(out, "triplets", Triplet)}) == 4
