"""The script that makes the starter's weights: what it reads, what it leaves out, what it fits."""

import json
import tarfile
from pathlib import Path

import numpy as np
import pytest

from pairmill.core.records import Triplet
from pairmill.models.towers import LAST_DIM
from services.standalone.starter.corpus import RESERVED, draw_tars, gather
from services.standalone.starter.examples import is_reserved, unreserved
from services.standalone.starter.layout import directions
from services.standalone.starter.prototypes import class_texts, prototypes
from services.trainer.gathering import Material


def test_drawn_pictures_come_as_tars_with_captions_and_no_reserved_colour(tmp_path: Path) -> None:
    draw_tars(tmp_path, 30)
    with tarfile.open(tmp_path / "drawn-000.tar") as tar:
        names = tar.getnames()
        facts = [json.load(tar.extractfile(n)) for n in names if n.endswith(".json")]  # type: ignore[arg-type]
    assert len(names) == 2 * len(facts)
    assert 0 < len(facts) <= 30
    assert all(found["caption"] and found["colour"] not in RESERVED for found in facts)


def test_only_training_tars_are_gathered(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("train-000.tar", "test-000.tar"):
        (folder / name).write_bytes(b"")
    gather(tmp_path / "out", [folder], 3)
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["drawn-000.tar", "photos-train-000.tar"]


@pytest.mark.parametrize(
    ("text", "reserved"),
    [
        ("make it crimson", True),
        ("The same in red", True),
        ("a gold medal", True),
        ("the same, but red", False),
        ("a golden retriever", False),
        ("the same in-line skates", True),
    ],
)
def test_reserved_words_and_phrasings_are_known(text: str, reserved: bool) -> None:
    assert is_reserved(text) is reserved


def test_a_triplet_keeps_its_free_instructions_and_goes_without_any() -> None:
    def triplet(name: str, *texts: str) -> Triplet:
        return Triplet(pair_id=name, query_id="q", target_id="t", relations=("edit",),
                       instructions=texts, negatives=("q",), author="a")  # fmt: skip

    found = unreserved(
        Material(
            train=[triplet("a", "make it red", "the same in red"), triplet("b", "in olive")],
            train_captions={"i": ("an olive", "a fruit"), "j": ("gold",)},
        )
    )
    assert [(t.pair_id, t.instructions) for t in found.train] == [("a", ("make it red",))]
    assert found.train_captions == {"i": ("a fruit",)}


def test_a_prototype_points_to_where_its_class_lies() -> None:
    rng = np.random.default_rng(0)
    spread = rng.normal(size=(LAST_DIM + 6, 40))
    means = rng.normal(size=(3, LAST_DIM + 6))
    labels = rng.integers(0, 3, 3000)
    features = means[labels] + rng.normal(size=(3000, 40)) @ spread.T
    covariance = np.cov(features[:, -LAST_DIM:].T) + 0.1 * np.eye(LAST_DIM)
    rows = np.linalg.solve(covariance, (means - means.mean(0))[:, -LAST_DIM:].T).T
    found = prototypes(rows.astype(np.float32), features.astype(np.float32))
    assert found.shape == (3, LAST_DIM + 6)
    toward = found - features.mean(0)
    true = means - means.mean(0)
    cosines = np.einsum("ij,kj->ik", toward, true)
    assert (cosines.argmax(axis=1) == np.arange(3)).all()


def test_a_class_has_names_a_photograph_and_a_definition() -> None:
    texts = list(class_texts(285))
    assert texts[:2] == ["Egyptian cat", "a photo of an Egyptian cat"]
    assert "a domestic cat of Egypt" in texts


def test_directions_give_outputs_of_mean_zero_and_mean_square_norm_one() -> None:
    rng = np.random.default_rng(1)
    grids = (rng.normal(size=(500, 30)) * np.arange(1, 31) + 7).astype(np.float32)
    weight, bias = directions(grids, 5)
    out = grids @ weight.T + bias
    np.testing.assert_allclose(out.mean(axis=0), 0, atol=1e-2)
    assert (out**2).sum(axis=1).mean() == pytest.approx(1, abs=0.1)
