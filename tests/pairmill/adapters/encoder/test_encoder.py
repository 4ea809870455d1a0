"""The suite of the encoder port: what every encoder promises."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from pairmill.ports.encoder import Encoder

torch.set_num_threads(1)

TEXTS = ["a red shoe", "two cats on a sofa, watercolour", "", "a red shoe", "ä" * 5000]


@pytest.fixture(scope="module")
def pixels(encoder: Encoder) -> NDArray[np.uint8]:
    rng = np.random.default_rng(0)
    noise = [Image.fromarray(rng.integers(0, 256, (50, 80, 3), np.uint8)) for _ in range(3)]
    plain = [Image.new("RGB", (40, 30), colour) for colour in ("red", "blue", "white")]
    return np.stack([encoder.prepare(image) for image in [*noise, *plain]])


@pytest.fixture(scope="module")
def features(encoder: Encoder, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    return encoder.image_features(pixels)


def test_ids_are_stable_and_differ_between_spaces(encoder: Encoder) -> None:
    ids = [encoder.encoder_id, *(space.space_id for space in encoder.spaces)]
    assert len(set(ids)) == len(ids)
    assert ids == [encoder.encoder_id, *(space.space_id for space in encoder.spaces)]
    assert len({space.name for space in encoder.spaces}) == len(encoder.spaces)
    assert {space.reads for space in encoder.spaces} <= {"image", "text"}


def test_features_have_the_promised_size_and_are_finite(
    encoder: Encoder, features: NDArray[np.float32]
) -> None:
    texts = encoder.text_features(TEXTS)
    assert features.shape == (6, encoder.image_dim)
    assert texts.shape == (len(TEXTS), encoder.text_dim)
    for found in (features, texts):
        assert found.dtype == np.float32
        assert np.isfinite(found).all()


def test_an_image_has_the_same_features_in_any_batch(
    encoder: Encoder, pixels: NDArray[np.uint8], features: NDArray[np.float32]
) -> None:
    for row in range(len(pixels)):
        alone = encoder.image_features(pixels[row : row + 1])
        np.testing.assert_allclose(alone[0], features[row], atol=1e-4)


def test_equal_calls_give_equal_bytes(encoder: Encoder, pixels: NDArray[np.uint8]) -> None:
    assert np.array_equal(encoder.image_features(pixels), encoder.image_features(pixels))
    assert np.array_equal(encoder.text_features(TEXTS), encoder.text_features(TEXTS))


def test_texts_keep_their_order_and_equal_texts_are_equal(encoder: Encoder) -> None:
    found = encoder.text_features(TEXTS)
    np.testing.assert_allclose(found[0], found[3], atol=1e-5)
    for row, text in enumerate(TEXTS):
        np.testing.assert_allclose(encoder.text_features([text])[0], found[row], atol=1e-4)


def test_no_image_and_no_text_give_no_rows(encoder: Encoder, pixels: NDArray[np.uint8]) -> None:
    assert encoder.image_features(pixels[:0]).shape == (0, encoder.image_dim)
    assert encoder.text_features([]).shape == (0, encoder.text_dim)


def test_embeddings_are_unit_vectors_of_the_promised_size(
    encoder: Encoder, features: NDArray[np.float32]
) -> None:
    given = {"image": features, "text": encoder.text_features(TEXTS)}
    for space in encoder.spaces:
        vectors = encoder.project(space.name, given[space.reads])
        assert vectors.shape == (len(given[space.reads]), space.dim)
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (3000, 1), (1, 3000), (224, 224), (225, 223)])
def test_an_image_of_any_shape_is_prepared_alike(
    encoder: Encoder, pixels: NDArray[np.uint8], size: tuple[int, int]
) -> None:
    found = encoder.prepare(Image.new("RGB", size))
    assert found.shape == pixels.shape[1:]
    assert found.dtype == np.uint8


def test_pixels_that_were_not_prepared_are_refused(encoder: Encoder) -> None:
    with pytest.raises(ValueError, match="call prepare first"):
        encoder.image_features(np.zeros((1, 30, 40, 3), np.uint8))


def test_an_unknown_space_is_named_beside_the_known(encoder: Encoder) -> None:
    with pytest.raises(KeyError, match=f"smell.*{encoder.spaces[0].name}"):
        encoder.project("smell", np.zeros((1, encoder.text_dim), np.float32))


def test_the_head_that_training_starts_from_maps_both_kinds_of_features(encoder: Encoder) -> None:
    head = encoder.head()
    assert head["image.linear.weight"].shape[1] == encoder.image_dim == len(head["mean"])
    assert head["text.linear.weight"].shape[1] == encoder.text_dim
    assert all(array.dtype == np.float32 for array in head.values())
    assert (head["std"] > 0).all()
