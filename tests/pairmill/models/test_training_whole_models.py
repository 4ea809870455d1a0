"""The same loop trains both towers of a CLIP; what it makes is kept without code."""

import json

import numpy as np
import pytest
import torch

from pairmill.core.errors import ConfigError, FormatError
from pairmill.models.heads import Heads
from pairmill.models.loop import Outcome, Training
from pairmill.models.retriever import Retriever
from pairmill.models.whole import WholeModel
from pairmill.models.whole_checkpoint import load_whole, save_whole
from tests.pairmill.models.small_clip import (
    DIM,
    identity_head,
    pixels,
    small_clip,
    whole_data,
    whole_model,
)
from tests.pairmill.models.toys import TEXTS, Counted, Kept, changed

CONFIG = changed(trainable="all", align_steps=4, compose_steps=8, tower_rate=1.0,
                 learning_rate=1e-3, learnable_temperature=True, average=0.5, keep_weight=0.5,
                 soft_weight=0.2, checkpoint_every=5)  # fmt: skip
ROWS = np.arange(0, 90, 7)
HEAD = identity_head(DIM + 3, DIM + 2)


def trained(keeper: Kept | None = None, **changes: object) -> Outcome:
    config = changed(**(CONFIG.model_dump() | changes))
    return Training(whole_model(), whole_data(), config, seed=0).run(keeper or Kept(), Counted())


def state(outcome: Outcome) -> dict[str, bytes]:
    return {n: t.numpy().tobytes() for n, t in outcome.model.module.state_dict().items()}


def test_a_clip_learns_to_compose() -> None:
    outcome = trained(compose_steps=90, align_steps=0, validate_every=30, average=0.0,
                      keep_weight=0.0, soft_weight=0.0, align_weight=0.0)  # fmt: skip
    first, best = outcome.standing.curve[0], outcome.standing.curve[-1]
    assert float(first["composed"]) < 0.1
    assert float(best["composed"]) > 0.3
    assert float(best["composed"]) > float(best["text_only"]) + 0.2


def test_every_weight_of_both_towers_moves_and_the_towers_own_scale_does_not() -> None:
    before, after = small_clip().module.state_dict(), trained().model.module.state_dict()
    for name, tensor in before.items():
        moved = not torch.equal(tensor, after[f"tower.{name}"])
        assert moved == (name != "logit_scale"), name


def test_an_interrupted_training_of_towers_ends_with_the_same_bytes() -> None:
    whole, keeper = trained(), Kept(1)
    with pytest.raises(KeyboardInterrupt):
        trained(keeper)
    resumed = trained(keeper)
    assert resumed.standing == whole.standing
    assert resumed.temperature == whole.temperature != CONFIG.temperature
    assert state(resumed) == state(whole)


def test_bf16_stays_finite_and_near_and_the_weights_stay_float32() -> None:
    plain, half = trained(average=0.0), trained(average=0.0, precision="bf16")
    assert all(t.dtype == torch.float32 for t in half.model.module.state_dict().values())
    for want, got in zip(plain.standing.curve, half.standing.curve, strict=True):
        for name in (name for name in want if name.startswith("loss")):
            assert np.isfinite(float(got[name]))
            assert float(got[name]) == pytest.approx(float(want[name]), rel=0.1, abs=0.05)


def test_a_frozen_copy_stays_what_it_was_while_the_model_moves() -> None:
    model = whole_model()
    want = model.images(ROWS).detach()
    frozen = model.frozen()
    with torch.no_grad():
        for weight in model.module.parameters():
            weight.add_(0.05)
    moved = model.images(ROWS)
    torch.testing.assert_close(frozen.images(ROWS), want)
    assert not torch.allclose(moved, want)
    torch.autograd.backward(moved.sum())  # the graph that was built before is untouched
    torch.testing.assert_close(model.images(ROWS), moved)
    assert model.module.training


def test_a_row_is_embedded_alone() -> None:
    model = whole_model()
    together, alone = model.images(ROWS), torch.cat([model.images(ROWS[i : i + 1])
                                                     for i in range(len(ROWS))])  # fmt: skip
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)


def test_a_checkpoint_of_towers_comes_back_as_it_was() -> None:
    outcome = trained()
    assert isinstance(outcome.model, WholeModel)
    files = save_whole(outcome.model.tower, HEAD, outcome.temperature, {"encoder_id": "e"})
    tower = small_clip(seed=7)
    head, card = load_whole(files["safetensors"], files["json"], tower, encoder_id="e")
    again = WholeModel(tower, pixels, list(TEXTS))
    assert torch.equal(again.images(ROWS), outcome.model.images(ROWS))
    assert isinstance(head, Heads)
    out = head.images(again.images(ROWS))
    torch.testing.assert_close(out, again.images(ROWS), atol=1e-5, rtol=1e-5)
    assert card["temperature"] == pytest.approx(outcome.temperature)
    scale = float(torch.as_tensor(tower.module.logit_scale).exp())
    assert scale == pytest.approx(1 / outcome.temperature, rel=1e-5)
    with pytest.raises(ConfigError, match="other"):
        load_whole(files["safetensors"], files["json"], tower, encoder_id="other")


def test_a_checkpoint_of_towers_is_no_head_on_locked_features() -> None:
    files = save_whole(small_clip(), HEAD, 0.07, {"encoder_id": "e"})
    with pytest.raises(ConfigError, match="towers were trained"):
        Retriever.load(files["safetensors"], files["json"])


def test_a_checkpoint_of_other_towers_is_refused() -> None:
    files = save_whole(small_clip(), HEAD, 0.07, {"encoder_id": "e"})
    heads_alone = Retriever.untrained(HEAD, encoder_id="e").save()
    with pytest.raises(FormatError, match="not those of the encoder"):
        load_whole(heads_alone["safetensors"], heads_alone["json"], small_clip())
    assert json.loads(files["json"])["architecture"] == "mmret-clip"


def test_sizes_beyond_the_embeddings_are_refused() -> None:
    with pytest.raises(ConfigError, match=f"at most {DIM}"):
        trained(nested_dims=(DIM + 1,))
