"""The training loop on a toy corpus that can be learnt: words name the change of a colour."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from pairmill.config import TrainingConfig
from pairmill.core.errors import ConfigError, FormatError
from pairmill.core.records import Triplet
from pairmill.models.examples import Features, TrainingData, caption_rows, triplet_rows
from pairmill.models.heads import Heads, head_arrays, load_heads
from pairmill.models.loop import Outcome, Training, phases, rate

NUM_SHAPES, NUM_COLOURS, IMAGE, TEXT, DIM = 24, 4, 40, 20, 16
CONFIG = TrainingConfig(
    batch=32,
    align_steps=6,
    compose_steps=30,
    warmup_steps=4,
    learning_rate=3e-3,
    validate_every=6,
    checkpoint_every=4,
    patience=50,
)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Kept:
    """A keeper in memory that can kill the training after some saves."""

    def __init__(self, lives: int = 10**6) -> None:
        self.states: list[tuple[int, bytes]] = []
        self.lives = lives

    def save(self, step: int, state: bytes) -> None:
        self.states.append((step, state))
        self.lives -= 1
        if self.lives == 0:
            raise KeyboardInterrupt

    def load(self) -> tuple[int, bytes] | None:
        return self.states[-1] if self.states else None


class Counted:
    def __init__(self) -> None:
        self.steps = 0

    def advance(self, count: int = 1) -> None:
        self.steps += count


def triplets(shapes: range) -> list[Triplet]:
    return [
        Triplet(
            pair_id=f"{s:02d}-{c}-{d}",
            query_id=f"{s}/{c}",
            target_id=f"{s}/{d}",
            relations=(),
            instructions=tuple(f"make it {d}{k}" for k in range(3)),
            negatives=(f"{s}/{c}", f"{(s + 1) % NUM_SHAPES}/{d}"),
            author="",
        )
        for s in shapes
        for c in range(NUM_COLOURS)
        for d in range(NUM_COLOURS)
        if c != d
    ]


def data() -> TrainingData:
    rng = np.random.default_rng(0)
    shapes, colours = rng.normal(size=(NUM_SHAPES, IMAGE)), rng.normal(size=(NUM_COLOURS, IMAGE))
    words = rng.normal(size=(NUM_COLOURS, TEXT))
    names = [f"{s}/{c}" for s in range(NUM_SHAPES) for c in range(NUM_COLOURS)]
    images = {name: row for row, name in enumerate(names)}
    looks = [shapes[s] + colours[c] for s in range(NUM_SHAPES) for c in range(NUM_COLOURS)]
    texts = {f"make it {c}{k}": 3 * c + k for c in range(NUM_COLOURS) for k in range(3)}
    spoken = [words[c] + 0.1 * rng.normal(size=TEXT) for c in range(NUM_COLOURS) for _ in range(3)]
    held = [row for name, row in images.items() if int(name.split("/")[0]) >= 18]
    captions = {name: [f"make it {name[-1]}0"] for name in names if int(name.split("/")[0]) < 18}
    return TrainingData(
        features=Features(
            images_NF=np.array(looks, np.float32), texts_MT=np.array(spoken, np.float32)
        ),
        train=triplet_rows(triplets(range(18)), images, texts),
        validation=triplet_rows(triplets(range(18, 24)), images, texts),
        captions=caption_rows(captions, images, texts),
        validation_captions=caption_rows({}, images, texts),
        gallery=np.array(held, np.int64),
    )


def heads() -> Heads:
    rng = np.random.default_rng(1)
    return load_heads(
        {
            "mean": np.zeros(IMAGE, np.float32),
            "std": np.ones(IMAGE, np.float32),
            "image.linear.weight": rng.normal(size=(DIM, IMAGE)).astype(np.float32) * 0.1,
            "image.linear.bias": np.zeros(DIM, np.float32),
            "text.linear.weight": rng.normal(size=(DIM, TEXT)).astype(np.float32) * 0.1,
            "text.linear.bias": np.zeros(DIM, np.float32),
        },
        num_hidden=8,
    )


def trained(
    keeper: Kept, config: TrainingConfig = CONFIG, watcher: Counted | None = None
) -> Outcome:
    return Training(heads(), data(), config, seed=0).run(keeper, watcher or Counted())


def test_the_loop_learns_to_compose() -> None:
    outcome = trained(Kept(), CONFIG.model_copy(update={"compose_steps": 150}))
    scores = {int(row["step"]): float(row["composed"]) for row in outcome.standing.curve}
    assert scores[0] < 0.3
    assert outcome.standing.best_score == max(scores.values()) > 0.8


def test_the_best_state_is_kept_not_the_last() -> None:
    outcome = trained(Kept())
    best = outcome.standing.best_step
    again = trained(Kept(), CONFIG)
    assert again.standing == outcome.standing
    rows = {int(row["step"]): row for row in outcome.standing.curve}
    assert rows[best]["composed"] == max(row["composed"] for row in rows.values())


@pytest.mark.parametrize("lives", [1, 2, 5, 8])
def test_an_interrupted_training_ends_with_the_same_bytes(lives: int) -> None:
    whole = trained(Kept())
    keeper = Kept(lives)
    with pytest.raises(KeyboardInterrupt):
        trained(keeper)
    watcher = Counted()
    resumed = trained(keeper, watcher=watcher)
    assert resumed.standing == whole.standing
    want, got = head_arrays(whole.heads), head_arrays(resumed.heads)
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
    align, compose = phases(CONFIG, captioned=False)
    assert (align.start, align.end, compose.start) == (0, 0, 0)
    assert compose.end == CONFIG.compose_steps


def test_the_rate_warms_up_and_then_decays_to_nothing() -> None:
    _, compose = phases(CONFIG, captioned=True)
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
        Training(heads(), found, CONFIG, seed=0).run(Kept(), Counted())


def test_a_damaged_state_is_refused() -> None:
    keeper = Kept()
    keeper.states.append((4, b"12345678{}"))
    with pytest.raises(FormatError, match="damaged"):
        trained(keeper)
