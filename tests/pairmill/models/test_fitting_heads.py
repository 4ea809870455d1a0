"""A head fitted in closed form keeps images comparable and brings words to them."""

import numpy as np
import pytest

from pairmill.models.fitting import (
    Constants,
    Floats,
    Tensors,
    balance,
    fit_head,
    principal,
    rotate_texts,
    standardising,
)
from pairmill.models.retriever import Retriever

NUM, IMAGE, TEXT, DIM = 400, 30, 12, 8


ALL = np.arange(NUM)


def corpus(seed: int = 0) -> tuple[Tensors, Floats, Floats]:
    """Constants and some projection, images and their captions' features."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=(NUM, DIM))
    images = hidden @ rng.normal(size=(DIM, IMAGE)) + 0.1 * rng.normal(size=(NUM, IMAGE)) + 3.0
    texts = hidden @ rng.normal(size=(DIM, TEXT)) + 0.1 * rng.normal(size=(NUM, TEXT))
    before = {
        "mean": images.mean(0).astype(np.float32),
        "std": images.std(0).astype(np.float32),
        "image.linear.weight": rng.normal(size=(DIM, IMAGE)).astype(np.float32),
    }
    return before, images.astype(np.float32), texts.astype(np.float32)


def test_a_balanced_projection_keeps_its_directions_and_has_norm_one() -> None:
    before, images, _ = corpus()
    scaled = Constants(mean_F=before["mean"], std_F=before["std"]).apply(images)
    given = before["image.linear.weight"].astype(np.float64)
    weight, bias = balance(given, scaled)
    out = scaled @ weight.T + bias
    np.testing.assert_allclose(out.mean(0), 0, atol=1e-9)
    assert (out**2).sum(1).mean() == pytest.approx(1)
    ratios = given / weight
    np.testing.assert_allclose(ratios, np.broadcast_to(ratios[:, :1], ratios.shape), rtol=1e-9)
    spread = (scaled @ (given / np.linalg.norm(given, axis=1, keepdims=True)).T).std(0)
    half_whitened = out.std(0) / np.sqrt(spread)
    np.testing.assert_allclose(half_whitened, half_whitened[0], rtol=1e-9)


def test_balancing_twice_changes_nothing() -> None:
    before, images, _ = corpus()
    scaled = Constants(mean_F=before["mean"], std_F=before["std"]).apply(images)
    once, _ = balance(before["image.linear.weight"].astype(np.float64), scaled)
    np.testing.assert_allclose(balance(once, scaled)[0], once, rtol=1e-9)


def test_texts_are_rotated_back_to_where_they_were_turned_from() -> None:
    rng = np.random.default_rng(1)
    turn, _ = np.linalg.qr(rng.normal(size=(DIM, DIM)))
    images = rng.normal(size=(NUM, DIM))
    texts = (images @ turn + 2.0).astype(np.float32)
    weight, bias = rotate_texts(texts, images)
    scale = np.sqrt(((images - images.mean(0)) ** 2).sum(1).mean())
    np.testing.assert_allclose(
        texts @ weight.T + bias, (images - images.mean(0)) / scale, atol=1e-5
    )


def test_rotating_keeps_distances_between_texts_never_seen() -> None:
    _, images, texts = corpus()
    texts = texts[:, :DIM].copy()
    texts[:, -2:] = 0  # captions that use a part of the words alone
    head = fit_head(images, ALL, texts, dim=DIM)
    weight = head["text.linear.weight"].astype(np.float64)
    gram = weight @ weight.T
    np.testing.assert_allclose(gram, np.eye(DIM) * gram[0, 0], atol=1e-5 * gram[0, 0])


def test_a_fitted_head_finds_images_by_their_captions() -> None:
    _, images, texts = corpus()
    head = fit_head(images, ALL[:300], texts[:300], dim=DIM)
    found = Retriever.untrained(head, encoder_id="toy")
    scores = found.embed_texts(texts[300:]) @ found.embed_images(images[300:]).T
    assert (scores.argmax(1) == np.arange(100)).mean() > 0.5


def test_equal_corpora_give_equal_heads_in_float32() -> None:
    _, images, texts = corpus()
    one, two = (fit_head(images, ALL, texts, dim=DIM) for _ in range(2))
    assert all(np.array_equal(one[name], two[name]) for name in one)
    assert {array.dtype for array in one.values()} == {np.dtype(np.float32)}


def test_a_corpus_of_one_image_is_refused() -> None:
    _, images, texts = corpus()
    with pytest.raises(ValueError, match="two or more"):
        fit_head(images, ALL[:1], texts[:1], dim=DIM)


def test_principal_directions_are_those_of_the_greatest_spread() -> None:
    rng = np.random.default_rng(2)
    turn, _ = np.linalg.qr(rng.normal(size=(6, 6)))
    spread = np.array([9.0, 4.0, 1.0, 0.1, 0.01, 0.001])
    found = principal(rng.normal(size=(5000, 6)) * spread @ turn.T, 2)
    np.testing.assert_allclose(np.abs(found @ turn)[:, :2], np.eye(2), atol=0.02)


def test_a_channel_that_is_dead_in_every_image_does_not_divide_by_zero() -> None:
    features = np.array([[1.0, 5.0], [3.0, 5.0]], np.float32)
    constants = standardising(features)
    assert constants.apply(features)[:, 1].tolist() == [0.0, 0.0]


def test_a_direction_that_tells_nothing_apart_is_refused() -> None:
    with pytest.raises(ValueError, match="1 directions"):
        balance(np.eye(2), np.array([[1.0, 0.0], [2.0, 0.0]]))
