"""A toy corpus that can be learnt, words name the change of a colour, and what trains on it."""

import numpy as np
from numpy.typing import NDArray

from pairmill.config import TrainingConfig
from pairmill.core.records import Triplet
from pairmill.models.examples import Features, TrainingData, caption_rows, triplet_rows
from pairmill.models.heads import Heads, head_arrays, load_heads
from pairmill.models.loop import Outcome, Training
from pairmill.models.model import HeadsModel
from pairmill.models.world import Alone

NUM_SHAPES, NUM_COLOURS, IMAGE, TEXT, DIM = 24, 4, 40, 20, 16
CONFIG = TrainingConfig(
    batch=32,
    align_steps=6,
    compose_steps=30,
    warmup_steps=4,
    learning_rate=3e-3,
    text_rate=3,
    caption_epochs=1000,
    epochs=1000,
    align_weight=1,
    temperature=0.07,
    noise=0,
    text_noise=0,
    keep_weight=0,
    image_tolerance=0.15,
    validate_every=6,
    checkpoint_every=4,
    patience=50,
)


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
    """A watcher that counts."""

    def __init__(self) -> None:
        self.steps = 0

    def advance(self, count: int = 1) -> None:
        self.steps += count


def triplets(shapes: range, relation: str = "caption") -> list[Triplet]:
    return [
        Triplet(
            pair_id=f"{s:02d}-{c}-{d}",
            query_id=f"{s}/{c}",
            target_id=f"{s}/{d}",
            relations=(relation,),
            instructions=tuple(f"make it {d}{k}" for k in range(3)),
            negatives=(f"{s}/{c}", f"{(s + 1) % NUM_SHAPES}/{d}"),
            author="",
        )
        for s in shapes
        for c in range(NUM_COLOURS)
        for d in range(NUM_COLOURS)
        if c != d
    ]


NAMES = [f"{s}/{c}" for s in range(NUM_SHAPES) for c in range(NUM_COLOURS)]
IMAGES = {name: row for row, name in enumerate(NAMES)}
TEXTS = {f"make it {c}{k}": 3 * c + k for c in range(NUM_COLOURS) for k in range(3)}


def data() -> TrainingData:
    """Mined triplets alone, over 18 shapes; six more validate."""
    rng = np.random.default_rng(0)
    shapes, colours = rng.normal(size=(NUM_SHAPES, IMAGE)), rng.normal(size=(NUM_COLOURS, IMAGE))
    words = rng.normal(size=(NUM_COLOURS, TEXT))
    looks = [shapes[s] + colours[c] for s in range(NUM_SHAPES) for c in range(NUM_COLOURS)]
    spoken = [words[c] + 0.1 * rng.normal(size=TEXT) for c in range(NUM_COLOURS) for _ in range(3)]
    held = [row for name, row in IMAGES.items() if int(name.split("/")[0]) >= 18]
    captions = {name: [f"make it {name[-1]}0"] for name in NAMES if int(name.split("/")[0]) < 18}
    return TrainingData(
        features=Features(
            images_NF=np.array(looks, np.float32), texts_MT=np.array(spoken, np.float32)
        ),
        train=triplet_rows(triplets(range(18)), IMAGES, TEXTS),
        validation=triplet_rows(triplets(range(18, 24)), IMAGES, TEXTS),
        captions=caption_rows(captions, IMAGES, TEXTS),
        validation_captions=caption_rows({}, IMAGES, TEXTS),
        gallery=np.array(held, np.int64),
        pool=np.array(sorted(set(IMAGES.values()) - set(held)), np.int64),
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
    keeper: Kept | None = None,
    config: TrainingConfig = CONFIG,
    watcher: Counted | None = None,
    *,
    found: TrainingData | None = None,
    world: Alone | None = None,
) -> Outcome:
    """Train fresh heads on the toy corpus, or on `found`."""
    found = found or data()
    model = HeadsModel(heads(), found.features)
    training = Training(model, found, config, seed=0, world=world)
    return training.run(keeper or Kept(), watcher or Counted())


def arrays(outcome: Outcome) -> dict[str, NDArray[np.float32]]:
    """Return the weights of trained heads."""
    model = outcome.model.module
    assert isinstance(model, Heads)
    return head_arrays(model)


def changed(**values: object) -> TrainingConfig:
    """Return the toy config with other values, checked."""
    return TrainingConfig.model_validate(CONFIG.model_dump() | values)
