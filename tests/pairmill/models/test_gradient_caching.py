"""Chunks of a batch give the gradient of the whole batch."""

import numpy as np
import pytest
import torch
from torch import Tensor

from pairmill.models.embedding import Embedder
from pairmill.models.loop import Training
from pairmill.models.model import HeadsModel, Model
from pairmill.models.world import Alone
from tests.pairmill.models.small_clip import whole_data, whole_model
from tests.pairmill.models.toys import Counted, Kept, changed, data, heads

EVERYTHING = {"hardness": 2.0, "soft_weight": 0.3, "nested_dims": (5, 9), "keep_weight": 0.7,
              "num_negatives": 3, "average": 0.8, "learnable_temperature": True,
              "learning_rate": 1e-3, "tower_rate": 1.0}  # fmt: skip


def weights(model: Model) -> dict[str, Tensor]:
    return {name: w.detach() for name, w in model.module.named_parameters()}


def gradients(model: Model, cache_rows: int) -> dict[str, Tensor]:
    """Of a loss over some rows: whatever couples them all."""
    embedder = Embedder(model, changed(cache_rows=cache_rows), Alone())
    model.module.zero_grad()

    def loss_of(images_UD: Tensor, texts_VD: Tensor) -> Tensor:
        return torch.logsumexp((images_UD @ texts_VD.T).reshape(-1), 0)

    embedder.backward(np.arange(3, 40), np.arange(11), loss_of, seed=5)
    return {n: w.grad.clone() for n, w in model.module.named_parameters() if w.grad is not None}


@pytest.mark.parametrize("cache_rows", [1, 5, 37, 64])
@pytest.mark.parametrize("kind", ["heads", "all"])
def test_gradients_by_chunks_are_those_of_the_whole_batch(kind: str, cache_rows: int) -> None:
    models = [whole_model() if kind == "all" else HeadsModel(heads(), data().features)
              for _ in range(2)]  # fmt: skip
    want, got = gradients(models[0], 0), gradients(models[1], cache_rows)
    assert want.keys() == got.keys()
    for name in want:
        torch.testing.assert_close(got[name], want[name], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("kind", ["heads", "all"])
def test_a_training_by_chunks_ends_where_the_whole_batch_does(kind: str) -> None:
    ends = []
    for cache_rows in (0, 7):
        config = changed(cache_rows=cache_rows, align_steps=3, compose_steps=5, **EVERYTHING)
        found = whole_data() if kind == "all" else data()
        model = whole_model() if kind == "all" else HeadsModel(heads(), found.features)
        outcome = Training(model, found, config, seed=0).run(Kept(), Counted())
        ends.append(outcome.standing.curve[-1])
    assert ends[0].keys() == ends[1].keys() >= {"loss_compose", "loss_align", "loss_keep"}
    for name in (name for name in ends[0] if name.startswith("loss")):
        assert ends[0][name] == pytest.approx(ends[1][name], abs=1e-5)


def test_both_passes_of_a_chunk_drop_the_same_patches() -> None:
    before = torch.random.get_rng_state()
    one, again = (gradients(whole_model(dropout=0.5), 6) for _ in range(2))
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert torch.equal(before, torch.random.get_rng_state())
    # were the second pass to drop others, the embeddings' gradient would meet the wrong graph
    model = whole_model(dropout=0.5)
    outs: dict[bytes, list[Tensor]] = {}
    plain = model.images

    def watched(rows: np.ndarray) -> Tensor:
        out = plain(rows)
        outs.setdefault(rows.tobytes(), []).append(out.detach().clone())
        return out

    model.images = watched  # type: ignore[method-assign]
    gradients(model, 6)
    tried = outs.pop(np.arange(3, 4).tobytes())  # a single row, to see whether the model draws
    assert len(tried) == 1
    assert sorted(map(len, outs.values())) == [1, 2, 2, 2, 2, 2, 2]
    assert all(torch.equal(found[0], found[-1]) for found in outs.values())


def test_chunks_of_a_model_that_draws_nothing_first_pass_four_at_a_time() -> None:
    model, passed = whole_model(), list[tuple[int, bool]]()
    plain = model.images

    def watched(rows: np.ndarray) -> Tensor:
        out = plain(rows)
        passed.append((len(rows), out.requires_grad))
        return out

    model.images = watched  # type: ignore[method-assign]
    gradients(model, 6)  # 37 rows: six chunks of six, and one of one row
    tried, *first = [size for size, graph in passed if not graph]
    assert (tried, first) == (1, [24, 12])
    assert [size for size, graph in passed if graph] == [1, 6, 6, 6, 6, 6, 6]


def test_the_last_chunk_passes_once_and_a_model_that_does_not_learn_never_twice() -> None:
    model = HeadsModel(heads().requires_grad_(False), data().features)
    model.heads.text.requires_grad_(True)
    got = gradients(model, 10)
    assert got
    assert all(name.startswith("text.") or not grad.any() for name, grad in got.items())
