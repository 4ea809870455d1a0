"""instruct on made-up descriptions: triplets keep the pair, nothing is lost, bytes are the same."""

from dataclasses import replace
from pathlib import Path

import pytest

from pairmill.adapters.instructor.rules import RulesInstructor
from pairmill.adapters.objects.folder import FolderObjects
from pairmill.config import InstructingConfig, RunConfig
from pairmill.core.ids import pair_id
from pairmill.core.instructing import VARIETIES
from pairmill.core.records import Description, Pair, Reject, Relation, Triplet
from pairmill.pipeline.commit import Commit, Counts
from pairmill.pipeline.graph import Graph, RunSpec
from pairmill.pipeline.output import Output
from pairmill.pipeline.plan import stage
from pairmill.pipeline.progress import Silent
from pairmill.pipeline.shard import Shard, read_records
from services.instructor.stage import instruct, triplet_of

PAIR = Pair(
    pair_id=pair_id("q", "t"),
    query_id="q",
    target_id="t",
    relations=(Relation(space="caption", rank=2, score=0.5),
               Relation(space="visual_pattern", rank=1, score=0.9)),
    negatives=("q", "n1", "n2"),
)  # fmt: skip
GREEN = Description(pair=PAIR, shared=("subject: apple",), only_query=("colour: red",),
                    only_target=("colour: green",), text="", author="rules/7")  # fmt: skip
NOTHING = replace(GREEN, only_target=(), pair=replace(PAIR, pair_id="0" * 32))


def run(
    root: Path, descriptions: list[Description], name: str = "p000000"
) -> tuple[Counts, Output]:
    config = RunConfig(instructing=InstructingConfig(per_pair=4))
    objects = FolderObjects(root)
    spec = RunSpec(name="r", corpus="c", config=config, encoder_id="e")
    before = Output(objects, "runs/r", stage("describe"), name)
    before.table("descriptions", Description, descriptions)
    counts = before.close(inputs=len(descriptions), outputs=len(descriptions))
    commit = Commit(node="describe", shard=name, inputs="", files=before.files, counts=counts)
    shard = Shard(name=name, graph=Graph(spec), home="runs/r",
                  commits={"describe": (commit,)}, own=frozenset({"describe"}))  # fmt: skip
    out = Output(objects, "runs/r", stage("instruct"), name)
    instructor = RulesInstructor(config.instructing, config.seed)
    return instruct(shard, out, objects, instructor, Silent()), out


def read(root: Path, out: Output, data_set: str, kind: type) -> list:  # type: ignore[type-arg]
    objects = FolderObjects(root)
    files = [file for file in out.files if file.data_set == data_set]
    return list(read_records(objects, files, kind))


def test_the_query_image_is_always_the_first_negative_of_a_triplet(tmp_path: Path) -> None:
    _, out = run(tmp_path, [GREEN])
    (triplet,) = read(tmp_path, out, "written/triplets", Triplet)
    assert triplet.negatives == ("q", "n1", "n2")
    assert (triplet.pair_id, triplet.query_id, triplet.target_id) == (PAIR.pair_id, "q", "t")
    assert triplet.relations == ("caption", "visual_pattern")
    assert len(set(triplet.instructions)) == 4
    assert all("green" in text for text in triplet.instructions)
    assert triplet.author == "describer rules/7, instructor rules/1"


def test_what_cannot_be_instructed_is_a_reject_with_both_images(tmp_path: Path) -> None:
    counts, out = run(tmp_path, [GREEN, NOTHING, GREEN])
    assert (counts.inputs, counts.outputs, counts.rejects) == (3, 2, {"nothing_to_name": 1})
    (reject,) = read(tmp_path, out, "rejects/instruct", Reject)
    assert (reject.record_id, reject.keys) == ("0" * 32, ("q", "t"))


def test_instructions_do_not_depend_on_the_order_of_the_shard(tmp_path: Path) -> None:
    many = [replace(GREEN, pair=replace(PAIR, pair_id=f"{i:08x}" + "0" * 24)) for i in range(70)]
    _, one = run(tmp_path / "one", many)
    _, two = run(tmp_path / "two", many[::-1], name="p000009")
    first: list[Triplet] = read(tmp_path / "one", one, "written/triplets", Triplet)
    assert read(tmp_path / "two", two, "written/triplets", Triplet)[::-1] == first
    assert len({triplet.instructions for triplet in first}) == VARIETIES


def test_an_empty_shard_still_writes_its_file(tmp_path: Path) -> None:
    counts, out = run(tmp_path, [])
    assert (counts.inputs, counts.outputs) == (0, 0)
    assert [(file.data_set, file.num_rows) for file in out.files] == [("written/triplets", 0)]


@pytest.mark.parametrize("negatives", [(), ("n1", "q"), ("q", "t")])
def test_a_pair_with_wrong_negatives_is_our_own_fault(negatives: tuple[str, ...]) -> None:
    wrong = replace(GREEN, pair=replace(PAIR, negatives=negatives))
    with pytest.raises(AssertionError):
        triplet_of(wrong, ("a", "b", "c"), "x")
