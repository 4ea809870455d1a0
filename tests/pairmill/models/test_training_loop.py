"""The training loop on a toy corpus that can be learnt: words name the change of a colour."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.numpy import load

from pairmill.core.errors import ConfigError, FormatError
from pairmill.models.averaging import Average
from pairmill.models.examples import no_triplets
from pairmill.models.learner import COLDEST, HOTTEST
from pairmill.models.loop import Training
from pairmill.models.model import HeadsModel
from pairmill.models.schedule import phases, rate
from pairmill.models.validation import score
from tests.pairmill.models.toys import CONFIG, Counted, Kept, arrays, changed, data, heads, trained


def test_the_loop_learns_to_compose() -> None:
    outcome = trained(Kept(), CONFIG.model_copy(update={"compose_steps": 150}))
    composed = {int(row["step"]): float(row["composed"]) for row in outcome.standing.curve}
    assert composed[0] < 0.3
    assert composed[outcome.standing.best_step] > 0.8
    assert outcome.standing.best_score == max(score(row) for row in outcome.standing.curve)


def test_the_best_state_is_kept_not_the_last() -> None:
    outcome = trained(Kept())
    best = outcome.standing.best_step
    again = trained(Kept(), CONFIG)
    assert again.standing == outcome.standing
    rows = {int(row["step"]): row for row in outcome.standing.curve}
    assert score(rows[best]) == max(score(row) for row in rows.values())
    assert best > 0


def test_the_last_state_is_kept_where_that_is_asked_whatever_it_lost() -> None:
    wild = changed(publish="last", learning_rate=1.0, compose_steps=6)
    outcome = trained(Kept(), wild)
    curve = outcome.standing.curve
    assert outcome.standing.best_step == outcome.standing.step == curve[-1]["step"]
    assert score(curve[-1]) < max(score(row) for row in curve)


@pytest.mark.parametrize("lives", [1, 2, 5, 8])
def test_an_interrupted_training_ends_with_the_same_bytes(lives: int) -> None:
    whole = trained(Kept())
    keeper = Kept(lives)
    with pytest.raises(KeyboardInterrupt):
        trained(keeper)
    watcher = Counted()
    resumed = trained(keeper, watcher=watcher)
    assert resumed.standing == whole.standing
    want, got = arrays(whole), arrays(resumed)
    assert all(want[name].tobytes() == got[name].tobytes() for name in want)
    assert watcher.steps == CONFIG.align_steps + CONFIG.compose_steps


def test_equal_states_have_equal_bytes() -> None:
    one, two = Kept(), Kept()
    trained(one)
    trained(two)
    assert one.states == two.states


def test_patience_ends_a_training_that_no_longer_gains() -> None:
    config = CONFIG.model_copy(update={"patience": 2, "learning_rate": 1e-12})
    outcome = trained(Kept(), config)
    assert outcome.standing.best_step == 0
    assert outcome.standing.step == CONFIG.align_steps + 2 * CONFIG.validate_every


def test_without_captions_the_first_phase_has_no_step() -> None:
    align, compose = phases(CONFIG, 0, 99)
    assert (align.start, align.end, compose.start) == (0, 0, 0)
    assert compose.end == CONFIG.compose_steps


def test_what_is_few_is_not_repeated_without_end() -> None:
    config = CONFIG.model_copy(update={"caption_epochs": 5, "epochs": 3, "batch": 32})
    align, compose = phases(config, 32, 65)
    assert (align.end - align.start, compose.end - compose.start) == (5, 7)


def test_a_locked_image_head_stays_as_it_was_while_words_learn() -> None:
    found = data()
    model = HeadsModel(heads(), found.features, locked=True)
    before = copy.deepcopy(model.heads.state_dict())
    Training(model, found, CONFIG, seed=0).run(Kept(), Counted())
    moved = {name for name, tensor in model.heads.state_dict().items()
             if not torch.equal(tensor, before[name])}  # fmt: skip
    assert {name.partition(".")[0] for name in moved} == {"text"}


def test_the_rate_warms_up_and_then_decays_to_nothing() -> None:
    _, compose = phases(CONFIG, 99, 99)
    rates = [rate(step, compose, CONFIG) for step in range(compose.start, compose.end)]
    top = rates.index(max(rates))
    assert 1 <= top <= CONFIG.warmup_steps
    assert rates[:top] == sorted(rates[:top])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert rates[-1] < 0.01 * CONFIG.learning_rate


def test_a_loss_that_is_not_finite_stops_the_training_with_advice() -> None:
    found = data()
    found.features.images_NF[:] = np.nan
    with pytest.raises(ConfigError, match="learning_rate"):
        Training(HeadsModel(heads(), found.features), found, CONFIG, seed=0).run(Kept(), Counted())


def test_a_damaged_state_is_refused() -> None:
    keeper = Kept()
    keeper.states.append((4, b"12345678{}"))
    with pytest.raises(FormatError, match="damaged"):
        trained(keeper)


@pytest.mark.parametrize(
    "values",
    [
        {"average": 0.9},
        {"learnable_temperature": True},
        {"hardness": 5.0},
        {"soft_weight": 0.5},
        {"nested_dims": (4, 8)},
        {"keep_weight": 1.0},
        {"query_negative": False},
        {"negatives": "random", "num_negatives": 4},
        {"negatives": "none"},
        {"precision": "bf16"},
        {"max_triplets": 40},
        {"cache_rows": 11},
    ],
    ids=lambda values: next(iter(values)),
)
def test_every_switch_changes_what_is_learnt_and_resumes_exactly(values: dict[str, object]) -> None:
    small = {"compose_steps": 6, "align_steps": 2, "num_negatives": 3}
    config = changed(**{**small, **values})
    plain = trained(Kept(), changed(**small))
    whole, keeper = trained(Kept(), config), Kept(1)
    with pytest.raises(KeyboardInterrupt):
        trained(keeper, config)
    resumed = trained(keeper, config)
    assert resumed.standing == whole.standing
    assert resumed.temperature == whole.temperature
    want, got, other = arrays(whole), arrays(resumed), arrays(plain)
    assert all(want[name].tobytes() == got[name].tobytes() for name in want)
    assert all(np.isfinite(want[name]).all() for name in want)
    assert any(want[name].tobytes() != other[name].tobytes() for name in want)


def test_edits_are_learnt_from_where_there_are_no_mined_triplets() -> None:
    found = data()
    none = replace(found, train=no_triplets(), edits=found.train)
    assert "loss_compose" in trained(found=none).standing.curve[-1]
    with pytest.raises(ValueError, match="no triplets"):
        trained(found=none, config=changed(sources=("mined",)))
    both = replace(found, edits=found.train)
    short = changed(sources=("mined",), compose_steps=6)
    assert trained(found=both, config=short).standing == trained(config=short).standing


def test_edits_that_are_not_learnt_from_decide_nothing() -> None:
    found = data()
    both = replace(found, edits=found.train, validation_edits=found.validation,
                   edit_gallery=found.gallery)  # fmt: skip
    mixed = trained(found=both, config=changed(compose_steps=6)).standing.curve
    assert all("edits" in row for row in mixed if "composed" in row)
    alone = trained(found=both, config=changed(sources=("mined",), compose_steps=6)).standing.curve
    assert not any("edits" in row for row in alone)


def test_the_average_is_what_validates_and_is_published() -> None:
    last = changed(average=0.95, validate_every=36, align_steps=0, compose_steps=36)
    keeper = Kept()
    outcome = trained(keeper, last)
    state = load(keeper.states[-1][1])
    weights = arrays(outcome)
    assert outcome.standing.best_step == 36
    for name, array in weights.items():
        assert np.array_equal(array, state[f"average.model.{name}"])
    moved = [n for n in weights if not np.array_equal(weights[n], state[f"learner.model.{n}"])]
    assert "image.linear.weight" in moved


def test_an_average_is_that_of_a_plain_loop() -> None:
    module = torch.nn.Linear(3, 2)
    average, want = Average(module, 0.9), {}
    want = {name: t.clone() for name, t in module.state_dict().items()}
    for step in range(1, 30):
        with torch.no_grad():
            for weight in module.parameters():
                weight.add_(torch.randn(weight.shape))
        average.follow(step)
        decay = min(0.9, (1 + step) / (10 + step))
        for name, tensor in module.state_dict().items():
            want[name] = decay * want[name] + (1 - decay) * tensor
    for name, tensor in average.current().items():
        torch.testing.assert_close(tensor, want[name])
    own = {name: t.clone() for name, t in module.state_dict().items()}
    with average.worn():
        torch.testing.assert_close(module.state_dict()["weight"], want["weight"])
    assert all(torch.equal(own[name], t) for name, t in module.state_dict().items())


def test_a_learnt_temperature_stays_within_its_bounds() -> None:
    config = changed(learnable_temperature=True, learning_rate=1.0, compose_steps=12, align_steps=0)
    curve = trained(Kept(), config).standing.curve
    found = [float(row["temperature"]) for row in curve]
    assert found[0] == pytest.approx(0.07)
    assert all(COLDEST - 1e-6 <= value <= HOTTEST + 1e-6 for value in found)
    assert len(set(found)) > 1


def test_keeping_holds_images_where_they_were() -> None:
    def drift(weight: float) -> float:
        found = data()
        outcome = trained(Kept(), changed(keep_weight=weight, validate_every=99))
        before, after = (model.images(np.arange(96)).detach() for model in
                         (HeadsModel(heads(), found.features), outcome.model))  # fmt: skip
        sims = [torch.nn.functional.normalize(x, dim=1) for x in (before, after)]
        return float((sims[0] @ sims[0].T - sims[1] @ sims[1].T).abs().mean())

    assert drift(5.0) < 0.7 * drift(0.0)


def test_a_state_that_finds_fewer_of_an_images_like_is_never_the_best() -> None:
    free, guarded = (trained(Kept(), changed(image_tolerance=t)) for t in (1, 0))
    rows = {int(row["step"]): row for row in guarded.standing.curve}
    best = rows[guarded.standing.best_step]
    assert float(best["image_to_image"]) >= float(rows[0]["image_to_image"])
    assert guarded.standing.best_score <= free.standing.best_score
