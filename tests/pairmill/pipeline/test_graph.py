"""The graph of a run: what follows what, and where its commits lie.

A corpus stage's commits lie under a digest of all that decides its bytes: change that, and they
lie elsewhere; change anything else, and runs share them.
"""

from dataclasses import replace
from typing import Any

import pytest

from pairmill.config import RunConfig
from pairmill.config.chat import ChatConfig
from pairmill.config.writing import AskingConfig
from pairmill.pipeline.graph import Graph, RunSpec
from pairmill.pipeline.plan import PLAN, stage

SPEC = RunSpec(name="r1", corpus="c", config=RunConfig(), encoder_id="e1")
WITH_GALLERY = replace(SPEC, gallery="g", benchmark="b")
CORPUS_STAGES = {node.name for node in PLAN if node.home == "corpus" and not node.optional}
ALL_FROM_INGEST, ALL_FROM_EMBED = {"ingest", "dedupe", "embed", "index"}, {"embed", "index"}


def changed(**parts: dict[str, Any]) -> RunSpec:
    """Return the run with some values of its configuration changed."""
    config = RunConfig()
    parts_of = {name: getattr(config, name).model_copy(update=v) for name, v in parts.items()}
    return replace(SPEC, config=config.model_copy(update=parts_of))


def moved(one: RunSpec, other: RunSpec) -> set[str]:
    """Return the nodes whose commits lie elsewhere in the other run."""
    places = {node.name: node.commits for node in Graph(one).nodes}
    return {node.name for node in Graph(other).nodes if places[node.name] != node.commits}


@pytest.mark.parametrize(
    ("other", "wanted"),
    [
        (SPEC, set()),
        (changed(ingest={"longest_side": 256}), ALL_FROM_INGEST),
        (changed(ingest={"shard_images": 100}), ALL_FROM_INGEST),
        (changed(ingest={"max_pixels": 2**20}), ALL_FROM_INGEST),
        (replace(SPEC, protected="p"), {n for n in ALL_FROM_INGEST if "@" not in n}),
        (replace(SPEC, encoder_id="e2"), ALL_FROM_EMBED),
        (changed(encoder={"batch": 16}), ALL_FROM_EMBED),
        (changed(encoder={"threads": 1}), set()),
        (changed(captioning={"captioner": "none"}), ALL_FROM_EMBED),
        (changed(captioning={"min_probability": 0.7}), ALL_FROM_EMBED),
        (changed(captioning={"southern": True}), ALL_FROM_EMBED),
        (changed(mining={"last_rank": 9}), set()),
        (changed(describing={"max_differences": 1}), set()),
        (changed(instructing={"per_pair": 5}), set()),
        (changed(training={"batch": 64}), set()),
        (changed(evaluation={"ks": (1, 2)}), set()),
        (replace(SPEC, benchmark="b"), set()),
    ],
)
def test_commits_move_exactly_when_something_upstream_changes(
    other: RunSpec, wanted: set[str]
) -> None:
    assert moved(SPEC, other) == wanted


BY_ENCODER_ID = ("name", "joint", "pattern", "text", "precision")
"""Fields that the encoder's own id digests."""


def test_every_value_of_ingest_and_encoder_but_threads_decides_the_bytes() -> None:
    others: dict[str, dict[str, Any]] = {
        "ingest": {"store": "original", "longest_side": 64, "shard_images": 9, "min_side": 9,
                   "max_bytes": 9999, "max_pixels": 9999, "max_caption_chars": 9},
        "encoder": {"batch": 9, "threads": 9, **dict.fromkeys(BY_ENCODER_ID)},
    }  # fmt: skip
    for part, wanted in (("ingest", ALL_FROM_INGEST), ("encoder", ALL_FROM_EMBED)):
        assert set(others[part]) == set(type(getattr(SPEC.config, part)).model_fields)
        for field, value in others[part].items():
            if field not in {"threads", *BY_ENCODER_ID}:
                assert moved(SPEC, changed(**{part: {field: value}})) == wanted, field


def test_another_run_shares_the_corpus_stages_and_nothing_else() -> None:
    other = replace(SPEC, name="r2")
    shared = {node.name for node in Graph(SPEC).nodes} - moved(SPEC, other)
    assert shared == CORPUS_STAGES - {"index"}, "the index searches with this run's checkpoint"


def test_another_corpus_shares_nothing_outside_the_run() -> None:
    assert moved(SPEC, replace(SPEC, corpus="d")) == CORPUS_STAGES


@pytest.mark.parametrize("spec", [SPEC, WITH_GALLERY])
def test_every_node_comes_after_what_it_takes_and_commits_in_a_place_of_its_own(
    spec: RunSpec,
) -> None:
    seen: set[str] = set()
    for node in Graph(spec).nodes:
        assert set(node.takes) <= seen, node.name
        assert node.whole <= set(node.takes)
        assert node.stage.takes[:1] == tuple(name.partition("@")[0] for name in node.takes[:1])
        seen.add(node.name)
    places = [node.commits for node in Graph(spec).nodes]
    assert len(set(places)) == len(places)
    assert all(node.commits.startswith(node.home + "/") for node in Graph(spec).nodes)


def test_a_gallery_of_its_own_images_doubles_the_stages_that_prepare_images() -> None:
    graph = Graph(WITH_GALLERY)
    names = [node.name for node in graph.nodes]
    assert [name for name in names if name.endswith("@gallery")] == [
        f"{s.name}@gallery" for s in PLAN if s.gallery]  # fmt: skip
    assert graph.node("embed@gallery").takes == ("dedupe@gallery",)
    assert graph.node("embed@gallery").home == "galleries/g"
    assert graph.node("embed@gallery").of_gallery
    assert not graph.node("embed").of_gallery
    assert graph.node("index@gallery").takes == ("embed@gallery", "train")


def test_an_index_by_trained_towers_takes_the_images_too_and_no_other_node_changes() -> None:
    plain = Graph(WITH_GALLERY)
    training = RunConfig().training.model_copy(update={"trainable": "all"})
    config = RunConfig().model_copy(update={"training": training})
    anew = Graph(replace(WITH_GALLERY, config=config))
    assert anew.node("index").takes == ("embed", "train", "dedupe")
    assert anew.node("index@gallery").takes == ("embed@gallery", "train", "dedupe@gallery")
    for one, other in zip(plain.nodes, anew.nodes, strict=True):
        assert (one.commits, one.whole) == (other.commits, other.whole)
        assert one.takes == other.takes or one.stage.name == "index"


def asking(**captioning: Any) -> RunSpec:
    """Return the run with a gallery whose captions a model writes."""
    return replace(changed(captioning={"captioner": "llm", **captioning}), gallery="g")


def test_captions_that_a_model_is_asked_for_come_between_dedupe_and_embed() -> None:
    graph = Graph(asking())
    names = [node.name for node in graph.nodes]
    assert names.index("dedupe") < names.index("caption") < names.index("embed")
    assert graph.node("embed").takes == ("caption", "dedupe")  # by shard, as captions are ready
    assert not graph.node("embed").whole
    assert graph.node("caption").home == "corpora/c"
    assert graph.node("embed@gallery").takes == ("dedupe@gallery",)  # nobody learns of a gallery
    with pytest.raises(KeyError, match="caption"):
        Graph(WITH_GALLERY).node("caption")


@pytest.mark.parametrize(
    ("captioning", "wanted"),
    [
        ({"max_pixels": 5000}, {"caption", *ALL_FROM_EMBED}),
        ({"asking": AskingConfig(temperature=1)}, {"caption", *ALL_FROM_EMBED}),
        ({"chat": ChatConfig(model="other")}, {"caption", *ALL_FROM_EMBED}),
        ({"chat": ChatConfig(concurrency=9, base_url="http://10.0.0.1/v1")}, set()),
    ],
)
def test_what_decides_a_models_captions_moves_them_and_what_rests_on_them(
    captioning: dict[str, Any], wanted: set[str]
) -> None:
    assert moved(asking(), asking(**captioning)) == wanted
    reseeded = asking().config.model_copy(update={"seed": 9})
    assert moved(asking(), replace(asking(), config=reseeded)) == set()


def test_whoever_must_know_the_images_of_the_gallery_waits_for_all_of_them() -> None:
    graph = Graph(WITH_GALLERY)
    for name, wanted in (("mine", {"dedupe@gallery"}), ("train", {"dedupe@gallery"}),
                         ("evaluate", {"dedupe@gallery", "embed@gallery"})):  # fmt: skip
        assert {n for n in graph.node(name).whole if n.endswith("@gallery")} == wanted
        assert not any(n.endswith("@gallery") for n in Graph(SPEC).node(name).takes)


def test_a_node_or_stage_that_is_not_there_is_named() -> None:
    with pytest.raises(KeyError, match="ingest@gallery"):
        Graph(SPEC).node("ingest@gallery")
    with pytest.raises(KeyError, match="purify"):
        stage("purify")


def test_the_plan_names_each_stage_once_and_only_stages_that_come_before() -> None:
    seen: set[str] = set()
    for found in PLAN:
        assert set(found.takes) <= seen, found.name
        assert set(found.whole) <= set(found.takes)
        assert found.name not in seen
        assert stage(found.name) is found
        seen.add(found.name)
