"""The whole pipeline with `trainable: all`: what trained towers see is what is judged and found."""

import threading
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from pairmill.client import Item
from pairmill.config import parse_config
from pairmill.decode import Limits, decode
from pairmill.models.whole_checkpoint import load_whole
from pairmill.pipeline.benchmark import read_benchmark
from pairmill.pipeline.graph import Node
from pairmill.pipeline.progress import Progress
from pairmill.pipeline.publish import publish
from pairmill.pipeline.published import read_checkpoint
from pairmill.pipeline.report import write_report
from pairmill.pipeline.shard import read_vectors
from pairmill.ports.encoder import TrainableEncoder
from pairmill.ports.queue import Task
from pairmill.settings import RetrieverSettings, ServerSettings, Settings
from services.cli.__main__ import parser
from services.evaluator.case import benchmark_case
from services.evaluator.contestants import read_contestants
from services.evaluator.stage import judge_benchmark
from services.retriever.choice import Choice
from services.retriever.generation import Generation, Loader
from services.standalone.conduct import Conductor
from services.standalone.finished import FinishedRun, open_run
from services.standalone.judged import open_desk
from services.standalone.missed import find_misses
from services.standalone.sample.draw import SamplePaths, draw_sample
from services.standalone.search import Query, search
from services.standalone.submit import Submission, submit
from tests.pairmill.adapters.encoder.small_models import small_open_clip
from tests.services.retriever.published import replica, wait_until

Floats = NDArray[np.float32]
DIM = 32
TRAINING = {
    "trainable": "all", "align_steps": 6, "compose_steps": 12, "batch": 32, "validate_every": 6,
    "learning_rate": 3e-4, "tower_rate": 1.0, "warmup_steps": 2, "keep_weight": 0.0,
    "epochs": 100, "caption_epochs": 100, "min_triplets": 10, "held_out": 0.3,
    "image_tolerance": 1.0,
}  # fmt: skip


class InProcess(Conductor):
    """Trains and evaluates here: starting programs would take longer than the whole run."""

    def _run_job(self, node: Node, progress: Progress) -> None:
        task = Task(run=self.graph.spec.name, node=node.name, shard="all")
        self._run_tasks(node, [task], progress)


@dataclass(frozen=True)
class World:
    """What was drawn, and what is made of it."""

    paths: SamplePaths
    clip: Path
    out: Path

    def run(self, **training: object) -> FinishedRun:
        config = parse_config({
            "ingest": {"store": "reference", "shard_images": 32},
            "encoder": {"name": "open_clip", "joint": {"path": str(self.clip)}, "threads": 1},
            "mining": {"spaces": ["visual_semantic", "caption"]},
            "editing": {"max_images": 6, "per_image": 2},
            "training": TRAINING | training,
        })  # fmt: skip
        paths = self.paths
        submitted = submit(
            Submission(corpus=str(paths.corpus), captions=paths.captions, out=self.out,
                       gallery=str(paths.gallery), benchmark=paths.benchmark, config=config),
            Settings(),
        )  # fmt: skip
        InProcess(submitted.ports, submitted.graph).run()
        write_report(submitted.ports.objects, submitted.graph)
        publish(submitted.ports.objects, submitted.graph)
        return open_run(self.out, submitted.graph.spec.name)


@dataclass(frozen=True)
class Direct:
    """The trained tower, asked directly: pictures and texts in one forward pass."""

    run: FinishedRun

    @cached_property
    def _tower(self) -> Any:
        run = self.run
        encoder = cast("TrainableEncoder", run.ports.encoder)
        weights, config = read_checkpoint(run.ports.objects, run.files("train", "checkpoint"))
        tower = encoder.joint()
        load_whole(weights, config, tower, encoder_id=encoder.encoder_id)
        return tower

    @torch.no_grad()
    def images(self, ids: list[str]) -> Floats:
        run, fit = self.run, self._tower.image.fit
        pixels = []
        for image_id in ids:
            at_home = image_id in run.gallery_images
            source = run.ports.gallery if at_home else run.ports.source
            data = source.get(run.catalog[image_id].store)
            pixels.append(fit(decode(data, Limits(), fit=fit.longest_side).image))
        found: Floats = self._tower.image.encode(torch.from_numpy(np.stack(pixels))).numpy()
        return found

    @torch.no_grad()
    def texts(self, texts: list[str]) -> Floats:
        found: Floats = self._tower.text.encode(self._tower.text.tokenise(texts)).numpy()
        return found


def unit(vectors_ND: Floats) -> Floats:
    found: Floats = vectors_ND / np.linalg.norm(vectors_ND, axis=1, keepdims=True)
    return found


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("towers")
    paths = draw_sample(folder / "sample", num_images=44, num_gallery=12)
    return World(paths, small_open_clip(folder / "clip"), folder / "mill")


@pytest.fixture(scope="module")
def untrained(world: World) -> FinishedRun:
    """A run of the same corpus with too little to learn from."""
    return world.run(min_triplets=10**6)


@pytest.fixture(scope="module")
def trained(world: World, untrained: FinishedRun) -> FinishedRun:
    """A finished run whose towers were trained; it is the one that the alias names."""
    run = world.run()
    assert run.commits("train")[0].facts["published"] is True
    return run


def test_the_index_holds_what_the_trained_tower_sees(trained: FinishedRun) -> None:
    for corpus in (False, True):
        ids, vectors = trained.indexed(corpus=corpus)
        assert set(ids) == set(trained.corpus_images if corpus else trained.gallery_images)
        np.testing.assert_allclose(vectors, unit(Direct(trained).images(ids)), atol=1e-3)


def test_evaluation_asks_by_direct_passes_of_the_trained_towers(trained: FinishedRun) -> None:
    desk = open_desk(trained)
    case = benchmark_case(desk, read_benchmark(desk.shard, desk.objects))
    direct, after = Direct(trained), read_contestants(desk)["after"][0]
    images, texts = direct.images(list(case.pool.ids)), direct.texts(list(case.questions.texts))
    found = after.embed_images(case.pool.features_PF)
    np.testing.assert_allclose(found, unit(images), atol=1e-5)
    rows = range(min(len(images), len(texts)))
    found = after.embed_queries(case.pool.features_PF[rows], case.texts_MT[rows])
    np.testing.assert_allclose(found, unit(images[rows] + texts[rows]), atol=1e-5)


def test_what_was_there_before_is_judged_by_the_features_that_embed_wrote(
    trained: FinishedRun, untrained: FinishedRun
) -> None:
    quality, plain = (r.commits("evaluate")[0].facts["quality"] for r in (trained, untrained))
    for name in ("raw", "before"):
        assert quality[name] == plain[name] != {}
    desk = open_desk(trained)
    case = benchmark_case(desk, read_benchmark(desk.shard, desk.objects))
    ids, features = read_vectors(desk.objects, trained.files("embed@gallery", "features"))
    rows = [case.pool.row_of[image_id] for image_id in ids]
    assert np.array_equal(case.pool.features_PF[rows, :DIM], features)


def test_the_figures_after_are_those_of_the_trained_towers(trained: FinishedRun) -> None:
    desk, direct = open_desk(trained), Direct(trained)
    ids = list(trained.gallery_images)
    images = dict(zip(ids, direct.images(ids), strict=True))
    key_of = {key: i for i, record in trained.gallery_images.items() for key in record.keys}
    gallery, hits, num = unit(np.stack([images[i] for i in ids])), 0, 0
    for query in read_benchmark(desk.shard, desk.objects):
        shown, targets = key_of[query.query_image], {key_of[key] for key in query.targets}
        vector = images[shown] + direct.texts([query.instruction])[0]
        scores = dict(zip(ids, gallery @ vector, strict=True))
        del scores[shown]
        hits += max(scores, key=lambda image_id: scores[image_id]) in targets
        num += 1
    report = write_report(trained.ports.objects, trained.graph)
    figures = report["quality"]["after"]["composed"]
    assert figures["recall@1"] == pytest.approx(hits / num, abs=1e-6)
    assert figures != report["quality"]["before"]["composed"]
    assert (report["counts"]["indexed"], report["rejects"].get("non_finite", 0)) == (44, 0)


def test_a_search_embeds_its_query_by_the_trained_towers(
    trained: FinishedRun, world: World, tmp_path: Path
) -> None:
    image = sorted(world.paths.gallery.iterdir())[0]
    hits = search(trained, Query(image=image, text="the same in red", k=5))
    direct, ids = Direct(trained), [hit.image_id for hit in hits]
    own = next(i for i, r in trained.gallery_images.items() if r.store == image.name)
    query = direct.images([own]) + direct.texts(["the same in red"])
    wanted = unit(direct.images(ids)) @ unit(query)[0]
    np.testing.assert_allclose([hit.score for hit in hits], wanted, atol=1e-3)
    words = ["search", str(world.out), "--text", "red", "--sheet", str(tmp_path / "sheet.png")]
    given = parser("search").parse_args(words)
    given.do(given)
    assert (tmp_path / "sheet.png").is_file()


def test_misses_and_another_benchmark_are_asked_by_them_too(
    trained: FinishedRun, world: World
) -> None:
    quality = trained.commits("evaluate")[0].facts["quality"]
    data = world.paths.benchmark.read_bytes()
    again, case = judge_benchmark(open_desk(trained), data, "again")
    assert again["after"] == quality["after"]
    missed = find_misses(trained, num=3)
    wrong = sum(task.num_missed for task in missed if task.task in quality["by_task"])
    share = 1 - wrong / len(case.questions.asked)
    assert quality["after"]["composed"]["recall@1"] == pytest.approx(share, abs=1e-6)


def test_the_untrained_retriever_stands_on_the_locked_towers(untrained: FinishedRun) -> None:
    assert untrained.commits("train")[0].facts["published"] is False
    assert untrained.opened.anew is False
    ids, features = read_vectors(
        untrained.ports.objects, untrained.files("embed@gallery", "features")
    )
    found, vectors = untrained.indexed()
    assert found == ids
    np.testing.assert_allclose(vectors, unit(features), atol=1e-3)
    quality = untrained.commits("evaluate")[0].facts["quality"]
    assert quality["after"] == quality["before"] != {}
    assert len(search(untrained, Query(text="a red star", k=5))) == 5


def test_a_served_retriever_embeds_by_them_and_items_follow_the_alias(
    trained: FinishedRun, untrained: FinishedRun, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = sorted(world.paths.gallery.iterdir())[1]
    image, loaded, go_on = path.read_bytes(), threading.Event(), threading.Event()
    load = Loader.load

    def slowly(loader: Loader, choice: Choice) -> Generation:
        new = load(loader, choice)
        loaded.set()
        assert go_on.wait(20)
        return new

    def found(name: str) -> float:
        hits = client.search(image=image, text=name, k=20, exclude_query=False)
        return next(hit.score for hit in hits if hit.item_id == name)

    settings = Settings(
        root=world.out, server=ServerSettings(grace_seconds=5),
        retriever=RetrieverSettings(refresh_seconds=0.1, canary_seconds=5.0),
    )  # fmt: skip
    with replica(settings) as served:
        client, version = served.client, served.client.info().version
        towers = served.keeper.serving().embedder.towers
        assert towers.encoder_id == trained.opened.towers.encoder_id
        assert towers.encoder_id != trained.ports.encoder.encoder_id
        wanted = [hit.image_id for hit in search(trained, Query(image=path, k=3))]
        assert [hit.item_id for hit in client.search(image=image, k=3)] == wanted
        client.upsert([Item(item_id="red", image=image, text="red")])
        assert found("red") == pytest.approx(1, abs=1e-4)
        monkeypatch.setattr(Loader, "load", slowly)
        publish(untrained.ports.objects, untrained.graph)
        assert loaded.wait(20)
        client.upsert([Item(item_id="blue", image=image, text="blue")])
        served.keeper.settings = served.keeper.settings.model_copy(update={"refresh_seconds": 60})
        go_on.set()
        wait_until(lambda: client.info().version != version)
        assert [found("red"), found("blue")] == pytest.approx([1, 1], abs=1e-4)
