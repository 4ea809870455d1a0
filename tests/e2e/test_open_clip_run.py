"""The whole pipeline on sixty drawn pictures with a small CLIP of open_clip beside a DINOv2."""

from pathlib import Path

import numpy as np
import pytest

from pairmill.config import parse_config
from pairmill.core.ids import image_id
from pairmill.core.records import Pair
from pairmill.pipeline.shard import read_records, read_vectors
from pairmill.settings import Settings
from services.standalone.conduct import Conductor
from services.standalone.finished import FinishedRun, open_run
from services.standalone.sample.draw import draw_sample
from services.standalone.search import Query, search
from services.standalone.submit import Submission, submit
from tests.pairmill.adapters.encoder.small_models import small_dino, small_open_clip

STEPS = {"align_steps": 5, "compose_steps": 10, "batch": 16, "validate_every": 5,
         "checkpoint_every": 5, "min_triplets": 10, "held_out": 0.3}  # fmt: skip


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    """A finished run; its small models were made for it."""
    folder = tmp_path_factory.mktemp("open_clip")
    paths = draw_sample(folder / "sample", num_images=60, num_gallery=1)
    models = {"joint": {"path": str(small_open_clip(folder / "clip"))},
              "pattern": {"path": str(small_dino(folder / "dino"))}}  # fmt: skip
    config = parse_config(
        {
            "encoder": {"name": "open_clip", **models},
            "training": STEPS,
            "editing": {"max_images": 20},
        }
    )
    asked = Submission(corpus=str(paths.corpus), captions=paths.captions, out=folder / "mill",
                       config=config)  # fmt: skip
    submitted = submit(asked, Settings())
    Conductor(submitted.ports, submitted.graph).run(until="index")
    return open_run(folder / "mill")


def test_features_and_spaces_are_those_of_both_models(finished: FinishedRun) -> None:
    encoder = finished.ports.encoder
    ids, features = read_vectors(finished.ports.objects, finished.files("embed", "features"))
    assert features.shape == (60, 56)
    for space in encoder.spaces:
        files = finished.files("embed", f"embeddings/{space.space_id}")
        found, vectors = read_vectors(finished.ports.objects, files)
        assert found == ids
        if space.reads == "image":
            wanted = encoder.project(space.name, features)
            np.testing.assert_allclose(vectors, wanted, atol=1e-3)  # both are kept as float16


def test_pairs_are_mined_in_every_space_and_a_retriever_is_published(finished: FinishedRun) -> None:
    pairs = read_records(finished.ports.objects, finished.files("select", "pairs"), Pair)
    relations = {relation.space for pair in pairs for relation in pair.relations}
    assert relations == {space.name for space in finished.ports.encoder.spaces}
    (train,) = finished.commits("train")
    assert {"untrained", "trained"} == set(train.facts["validation"])
    assert finished.retriever.dim == 32


def test_a_composed_search_finds_images_but_never_the_query(finished: FinishedRun) -> None:
    image = sorted(Path(finished.ports.places.source).iterdir())[0]
    hits = search(finished, Query(image=image, text="the same in red", k=60))
    assert len(hits) == 59
    assert image_id(image.read_bytes()) not in {hit.image_id for hit in hits}
