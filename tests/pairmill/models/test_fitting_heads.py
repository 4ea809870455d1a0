"""A head fitted in closed form keeps images comparable and brings words to them."""

import numpy as np
import pytest

from pairmill.models.fitting import Constants, Floats, Tensors, balance, fit_head, fit_texts
from pairmill.models.retriever import Retriever

NUM, IMAGE, TEXT, DIM = 400, 30, 12, 8


def corpus(seed: int = 0) -> tuple[Tensors, Floats, Floats]:
    """A head to start from, images and their captions' features."""
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


def test_ridge_regression_is_that_of_the_textbook() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(50, 4)).astype(np.float32), rng.normal(size=(50, 3))
    weight, bias = fit_texts(x, y, ridge=0.5)
    a, b = x - x.mean(0, dtype=np.float64), y - y.mean(0)
    penalty = 0.5 * (a**2).sum() / 4
    rows = np.vstack([a, np.sqrt(penalty) * np.eye(4)])
    plain = np.linalg.lstsq(rows, np.vstack([b, np.zeros((4, 3))]), rcond=None)[0]
    scale = np.sqrt((b**2).sum() / ((a @ plain) ** 2).sum())
    np.testing.assert_allclose(weight.T, plain * scale, rtol=1e-6)
    np.testing.assert_allclose(x.mean(0, dtype=np.float64) @ weight.T + bias, 0, atol=1e-9)


def test_a_fitted_head_finds_images_by_their_captions() -> None:
    before, images, texts = corpus()
    head = fit_head(before, images[:300], texts[:300], ridge=0.01)
    found = Retriever.untrained(head, encoder_id="toy")
    scores = found.embed_texts(texts[300:]) @ found.embed_images(images[300:]).T
    assert (scores.argmax(1) == np.arange(100)).mean() > 0.5


def test_equal_corpora_give_equal_heads_in_float32() -> None:
    one, two = (fit_head(*corpus(), ridge=1.0) for _ in range(2))
    assert all(np.array_equal(one[name], two[name]) for name in one)
    assert {array.dtype for array in one.values()} == {np.dtype(np.float32)}


def test_a_corpus_of_one_image_is_refused() -> None:
    before, images, texts = corpus()
    with pytest.raises(ValueError, match="two or more"):
        fit_head(before, images[:1], texts[:1], ridge=1.0)


def test_a_direction_that_tells_nothing_apart_is_refused() -> None:
    with pytest.raises(ValueError, match="1 directions"):
        balance(np.eye(2), np.array([[1.0, 0.0], [2.0, 0.0]]))
