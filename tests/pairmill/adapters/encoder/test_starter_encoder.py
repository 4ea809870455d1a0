"""What is the starter encoder's own: its ids, its preparation and its spaces."""

import io
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.numpy import load_file

from pairmill.adapters.encoder.starter import StarterEncoder
from pairmill.adapters.encoder.weights import HEAD
from pairmill.core.records import SPACES
from pairmill.models.heads import load_heads
from pairmill.models.towers import IMAGE_DIM, IMAGE_SIDE, LAST_DIM
from pairmill.ports.encoder import Encoder

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    return StarterEncoder(cache=tmp_path_factory.mktemp("cache"), threads=1)


@pytest.fixture(scope="module")
def features(encoder: Encoder) -> NDArray[np.float32]:
    colours = ["red", "blue", "white"]
    pixels = [encoder.prepare(Image.new("RGB", (40, 30), colour)) for colour in colours]
    return encoder.image_features(np.stack(pixels))


def test_ids_sizes_and_spaces_are_known_without_loading_torch() -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from pairmill.adapters.encoder.starter import StarterEncoder\n"
        "e = StarterEncoder(cache=Path('nowhere'), threads=1)\n"
        "print(e.encoder_id, len(e.spaces), e.image_dim, e.text_dim, 'torch' in sys.modules)"
    )
    path = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program], env=path, capture_output=True, text=True)
    assert done.stdout.split()[1:] == ["3", str(IMAGE_DIM), "384", "False"], done.stderr


def test_the_three_spaces_stand_in_the_order_of_reports_with_ids_of_their_own(
    encoder: Encoder,
) -> None:
    assert tuple(space.name for space in encoder.spaces) == SPACES
    assert len({space.space_id for space in encoder.spaces} | {encoder.encoder_id}) == 4
    assert [space.reads for space in encoder.spaces] == ["image", "image", "text"]


def test_the_whole_image_stands_in_a_white_square(encoder: Encoder) -> None:
    pixels = encoder.prepare(Image.new("RGB", (100, 50), "red"))
    assert pixels.shape == (IMAGE_SIDE, IMAGE_SIDE, 3)
    assert pixels.dtype == np.uint8
    red_rows = (pixels == (255, 0, 0)).all(axis=2)
    assert red_rows[56:168].all()
    assert (pixels[:56] == 255).all()
    assert (pixels[168:] == 255).all()


def test_the_pattern_is_the_last_layer_less_the_shipped_mean(
    encoder: Encoder, features: NDArray[np.float32]
) -> None:
    centred = features[:, -LAST_DIM:] - load_file(HEAD.find())["mean"][-LAST_DIM:]
    wanted = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    np.testing.assert_allclose(encoder.project("visual_pattern", features), wanted, atol=1e-6)


def test_the_semantic_space_is_the_shipped_head(
    encoder: Encoder, features: NDArray[np.float32]
) -> None:
    with torch.no_grad():
        found = load_heads(load_file(HEAD.find())).images(torch.tensor(features)).numpy()
    wanted = found / np.linalg.norm(found, axis=1, keepdims=True)
    np.testing.assert_allclose(encoder.project("visual_semantic", features), wanted, atol=1e-5)


def test_the_head_that_training_starts_from_is_the_shipped_one(encoder: Encoder) -> None:
    shipped, given = load_file(HEAD.find()), encoder.head()
    assert given.keys() == shipped.keys() >= {"mean", "std"}
    assert all(array.dtype == np.float32 for array in given.values())
    assert (given["std"] > 0).all()


def test_features_that_are_not_finite_come_back_so_and_a_zero_stays_zero(encoder: Encoder) -> None:
    rows = np.stack([np.full(384, np.nan), np.zeros(384), np.full(384, np.inf), np.ones(384)])
    found = encoder.project("caption", rows.astype(np.float32))
    assert np.isnan(found[0]).all()
    assert (found[1] == 0).all()
    assert not np.isfinite(found[2]).all()
    assert np.linalg.norm(found[3]) == pytest.approx(1)


def test_the_published_weights_see_shoes_in_photographs_of_shoes(
    encoder: Encoder, corpora: Path
) -> None:
    """The tensors map in order: an ImageNet classifier on these features knows what it sees."""
    from pairmill.adapters.encoder.weights import load_image_state

    wanted = {"running shoe", "loafer", "clog", "sandal", "cowboy boot"}
    shoes = [row for row in _photographs(corpora / "clothing-small/test-000.tar") if row[0]][:12]
    pixels = np.stack([encoder.prepare(image) for _, image in shoes])
    state = load_image_state(encoder._cache)  # type: ignore[attr-defined]
    last = torch.tensor(encoder.image_features(pixels)[:, -LAST_DIM:])
    logits = last @ state["classifier.weight"].T + state["classifier.bias"]
    names = _class_names()
    seen = [names[index] for index in logits.argmax(1)]
    assert sum(any(name in label for name in wanted) for label in seen) >= 7, seen


def _photographs(tar: Path) -> list[tuple[bool, Image.Image]]:
    found = []
    with tarfile.open(tar) as members:
        parts = {m.name: members.extractfile(m).read() for m in members}  # type: ignore[union-attr]
    for name, data in parts.items():
        if name.endswith(".jpg"):
            shoe = b'"category": "shoes"' in parts[name[:-4] + ".json"]
            found.append((shoe, Image.open(io.BytesIO(data)).convert("RGB")))
    return found


def _class_names() -> list[str]:
    from timm.data import ImageNetInfo

    info = ImageNetInfo()
    return [info.index_to_description(index).lower() for index in range(1000)]
