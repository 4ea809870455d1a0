"""Heads by their tensors' names, and the retriever with its checkpoints."""

import json

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from pairmill.core.errors import ConfigError, FormatError, WeightsError
from pairmill.core.ids import canonical_json
from pairmill.models.heads import head_arrays, load_heads
from pairmill.models.retriever import Retriever

Floats = NDArray[np.float32]
IMAGE, TEXT, DIM = 12, 6, 4


def arrays(seed: int = 0) -> dict[str, Floats]:
    rng = np.random.default_rng(seed)

    def draw(*shape: int) -> Floats:
        return rng.normal(size=shape).astype(np.float32)

    return {
        "mean": draw(IMAGE),
        "std": np.abs(draw(IMAGE)) + np.float32(0.5),
        "image.linear.weight": draw(DIM, IMAGE),
        "image.linear.bias": draw(DIM),
        "text.linear.weight": draw(DIM, TEXT),
        "text.linear.bias": draw(DIM),
    }


def features(seed: int, num: int, dim: int) -> Floats:
    return np.random.default_rng(seed).normal(size=(num, dim)).astype(np.float32)


def retriever(encoder_id: str = "e1") -> Retriever:
    return Retriever.untrained(arrays(), encoder_id=encoder_id)


def test_a_head_without_a_residual_is_its_linear_map() -> None:
    given, x = arrays(), features(1, 5, IMAGE)
    heads = load_heads(given, num_hidden=8)
    want = (x - given["mean"]) / given["std"] @ given["image.linear.weight"].T
    with torch.no_grad():
        got = heads.images(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(got, want + given["image.linear.bias"], rtol=1e-4, atol=1e-4)


def test_the_residual_can_learn_though_it_starts_at_zero() -> None:
    heads = load_heads(arrays(), num_hidden=8)
    torch.autograd.backward(heads.texts(torch.ones(2, TEXT)).sum())
    last = heads.text.residual[2]
    assert isinstance(last, torch.nn.Linear)
    assert last.weight.grad is not None
    assert last.weight.grad.abs().sum() > 0


def test_saved_heads_come_back_with_their_residuals() -> None:
    heads = load_heads(arrays(), num_hidden=8)
    with torch.no_grad():
        for parameter in heads.parameters():
            parameter.add_(0.1)
    again = load_heads(head_arrays(heads))
    x = torch.from_numpy(features(2, 3, IMAGE))
    assert torch.equal(heads.images(x), again.images(x))
    assert again.shape.num_hidden == 8


def test_fresh_residuals_are_the_same_every_time() -> None:
    one, two = (head_arrays(load_heads(arrays(), num_hidden=8)) for _ in range(2))
    assert all(np.array_equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize("name", ["mean", "image.linear.weight", "text.linear.bias"])
def test_a_head_that_lacks_a_tensor_is_refused(name: str) -> None:
    given = arrays()
    del given[name]
    with pytest.raises(WeightsError, match=name):
        load_heads(given)


def test_a_head_that_is_not_finite_is_refused() -> None:
    given = arrays()
    given["image.linear.bias"][0] = np.nan
    with pytest.raises(WeightsError, match="finite"):
        load_heads(given)


def test_a_query_is_the_unit_sum_of_image_and_text() -> None:
    given, found = arrays(), retriever()
    x, t = features(1, 5, IMAGE), features(2, 5, TEXT)
    image = np.clip((x - given["mean"]) / given["std"], -10, 10) @ given["image.linear.weight"].T
    total = image + given["image.linear.bias"] + t @ given["text.linear.weight"].T
    total = total + given["text.linear.bias"]
    want = total / np.linalg.norm(total, axis=1, keepdims=True)
    np.testing.assert_allclose(found.embed_queries(x, t), want, rtol=1e-4, atol=1e-5)


def test_every_kind_of_query_gives_unit_float32_rows() -> None:
    found, x, t = retriever(), features(1, 1030, IMAGE), features(2, 1030, TEXT)
    kinds = (found.embed_images(x), found.embed_texts(t), found.embed_queries(x, t))
    for vectors in (*kinds, found.standardise(x)):
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    assert found.embed_images(x[:0]).shape == (0, DIM)


def test_a_query_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="rows of features"):
        retriever().embed_queries(None, None)
    with pytest.raises(ValueError, match="rows of features"):
        retriever().embed_queries(features(1, 2, IMAGE), features(1, 3, TEXT))


def test_a_checkpoint_comes_back_as_it_was_and_the_same_bytes_are_written_again() -> None:
    files = retriever().save()
    again = Retriever.load(files["safetensors"], files["json"], encoder_id="e1")
    x = features(1, 5, IMAGE)
    assert np.array_equal(again.embed_images(x), retriever().embed_images(x))
    assert again.save() == files
    assert again.card["encoder_id"] == "e1"


def test_a_checkpoint_of_another_encoder_is_refused() -> None:
    files = retriever("e1").save()
    with pytest.raises(ConfigError, match=r"e1.*e2"):
        Retriever.load(files["safetensors"], files["json"], encoder_id="e2")


@pytest.mark.parametrize(("key", "value"), [("format", 2), ("architecture", "blip")])
def test_a_checkpoint_of_another_format_or_architecture_is_refused(key: str, value: object) -> None:
    files = retriever().save()
    card = json.loads(files["json"]) | {key: value}
    with pytest.raises(FormatError, match=str(value)):
        Retriever.load(files["safetensors"], canonical_json(card))


@pytest.mark.parametrize("config", [b"{", b"[]", b"\xff"])
def test_a_config_that_is_none_is_refused(config: bytes) -> None:
    with pytest.raises(FormatError):
        Retriever.load(retriever().save()["safetensors"], config)


def test_weights_that_are_not_those_of_the_config_are_refused() -> None:
    files = retriever().save()
    with pytest.raises(FormatError, match="sha256"):
        Retriever.load(files["safetensors"][:-1] + b"x", files["json"])
