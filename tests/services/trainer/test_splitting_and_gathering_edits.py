"""Edits on their way into a training: the side they lie on, their rows, and those without any."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pairmill.core.ids import sha256_hex
from pairmill.core.records import Triplet
from pairmill.models.examples import TrainingData
from pairmill.pipeline.commit import Counts
from pairmill.pipeline.output import Output
from pairmill.pipeline.plan import stage
from pairmill.pipeline.progress import Silent
from services.trainer.gathering import drop_unseen_edits, read_material, to_rows
from services.trainer.holding import is_held_out
from services.trainer.texts import TextFeatures
from tests.services.trainer.test_split_and_train_stage import (
    IDS,
    IMAGE,
    NUM_COLOURS,
    NUM_SHAPES,
    TRIPLETS,
    WORDS,
    Bench,
    image,
)

BENCHMARK = '{"query_id": "1", "query_image": "key-7", "instruction": "x", "targets": ["key-9"]}\n'


def edit_id(shape: int, colour: int) -> str:
    """Return the id of an edit of the shape's first image; the last shape shares the first's."""
    return f"e{shape % (NUM_SHAPES - 1):015x}{colour:016x}"


EDITS = [
    Triplet(
        pair_id=sha256_hex(f"edit/{s}/{c}".encode())[:32],
        query_id=image(s, 0),
        target_id=edit_id(s, c),
        relations=("edit",),
        instructions=(f"in {WORDS[c]}", f"paint it {WORDS[c]}"),
        negatives=(image(s, 0), *(edit_id(s, d) for d in range(NUM_COLOURS) if d != c)),
        author="editor, recolour red",
    )
    for s in range(NUM_SHAPES)
    for c in range(NUM_COLOURS)
]
LOST = {edit_id(3, 1)}
"""An edit without features."""
KEPT = {t.pair_id: t for t in EDITS if t.target_id not in LOST}
NAMES = [*IDS, *sorted({t.target_id for t in KEPT.values()})]


def held_out(image_id: str) -> bool:
    return is_held_out(image_id, seed=0, share=0.3)


def with_edits(root: Path, edits: Sequence[Triplet] = EDITS, benchmark: str = "") -> Bench:
    """Return a bench whose run has come past `embed_edits`."""
    bench = Bench(root, benchmark=benchmark)
    edit = Output(bench.objects, "runs/r", stage("edit"), "s0")
    edit.table("triplets", Triplet, edits)
    embedded = Output(bench.objects, "runs/r", stage("embed_edits"), "s0")
    ids = [t.target_id for t in edits if t.target_id not in LOST]
    embedded.vectors("features", ids, np.repeat(np.arange(len(ids))[:, None], IMAGE, 1))
    for node, out in (("edit", edit), ("embed_edits", embedded)):
        bench.commits[node] = bench._commit(node, out)
    return bench


def gathered(bench: Bench) -> tuple[TrainingData, Counts]:
    """Return what a training would read, and what it counts."""
    shard, out = bench.shard("train"), Output(bench.objects, "runs/r", stage("train"), "all")
    material = read_material(shard, bench.objects)
    num_triplets = len(material)
    drop_unseen_edits(shard, bench.objects, out, material)
    texts = TextFeatures(objects=bench.objects, prefix="t", encoder=bench.encoder,  # type: ignore[arg-type]
                         progress=Silent())  # fmt: skip
    data = to_rows(shard, bench.objects, material, texts)
    return data, out.close(inputs=num_triplets, outputs=len(material))


def test_an_edit_lies_on_the_side_of_the_image_that_it_was_made_of(tmp_path: Path) -> None:
    bench = with_edits(tmp_path)
    out, counts = bench.split()
    parts = bench.parts(out)
    for triplet in EDITS:
        assert parts[triplet.pair_id] == ("validation" if held_out(triplet.query_id) else "train")
    assert counts.inputs == len(TRIPLETS) + len(EDITS)
    assert counts.balanced


def test_edits_become_rows_beneath_the_images_each_once(tmp_path: Path) -> None:
    bench = with_edits(tmp_path)
    bench.split()
    data, counts = gathered(bench)
    assert counts.rejects == {"no_features": 1}
    assert data.features.images_NF.shape == (len(NAMES), IMAGE)
    held = {t.pair_id for t in EDITS if held_out(t.query_id)}
    assert set(data.edits.ids) == KEPT.keys() - held
    assert set(data.validation_edits.ids) == KEPT.keys() & held
    for rows in (data.edits, data.validation_edits):
        for n, pair in enumerate(rows.ids):
            assert NAMES[rows.queries_P[n]] == KEPT[pair].query_id
            assert NAMES[rows.targets_P[n]] == KEPT[pair].target_id
            negatives = [NAMES[row] for row in rows.negatives_PK[n] if row >= 0]
            assert negatives == [i for i in KEPT[pair].negatives if i not in LOST]


def test_an_edit_has_its_own_features(tmp_path: Path) -> None:
    bench = with_edits(tmp_path)
    bench.split()
    data, _ = gathered(bench)
    order = [t.target_id for t in EDITS if t.target_id not in LOST]
    for row, name in enumerate(NAMES[len(IDS) :], start=len(IDS)):
        assert (data.features.images_NF[row] == order.index(name)).all()


def test_edits_of_held_out_images_stand_beside_the_gallery_and_none_is_in_the_pool(
    tmp_path: Path,
) -> None:
    bench = with_edits(tmp_path, benchmark=BENCHMARK)
    bench.split()
    data, _ = gathered(bench)
    wanted = {t.target_id for t in KEPT.values() if held_out(t.query_id)}
    assert [NAMES[row] for row in data.edit_gallery] == sorted(wanted)
    free = [i for i in IDS if i not in (IDS[7], IDS[9])]
    assert [NAMES[row] for row in data.pool] == [i for i in free if not held_out(i)]
    assert [NAMES[row] for row in data.gallery] == [i for i in free if held_out(i)]


def test_a_run_without_edits_has_none(tmp_path: Path) -> None:
    bench = with_edits(tmp_path, edits=())
    bench.split()
    data, counts = gathered(bench)
    assert (len(data.edits), len(data.validation_edits), len(data.edit_gallery)) == (0, 0, 0)
    assert data.features.images_NF.shape == (len(IDS), IMAGE)
    assert not counts.rejects


def test_a_training_reads_edits_and_counts_them(tmp_path: Path) -> None:
    bench = with_edits(tmp_path)
    out, split_counts = bench.split()
    made, counts = bench.train()
    assert counts.inputs == split_counts.outputs == len(bench.parts(out))
    assert counts.rejects == {"no_features": 1}
    assert "edits" in made.facts["validation"]["trained"]
