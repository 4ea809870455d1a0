"""A step of the training loop against open_clip's own: same model, batch, threads and optimiser.

Both train every parameter of one small CLIP on the same pairs of pictures and captions, in turns;
a figure is the median of the rounds' own ratios, since a machine drifts from round to round.
Gradient caching is compared with the loop's own plain step: it embeds an eighth of the batch at
once, and makes seven eighths of the embeddings twice. Memory is the largest that a process of its
own held during its steps, less what it held before.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import torch

from pairmill.config import TrainingConfig
from pairmill.models.examples import Captioned, Features, TrainingData, Triplets, no_triplets
from pairmill.models.freed import ALL, keep_freed_memory
from pairmill.models.loop import Training
from pairmill.models.schedule import phases
from pairmill.models.threads import settle_threads
from pairmill.models.tower_fit import Fit
from pairmill.models.tower_parts import Colours, ImagePart, JointTower, TextPart
from pairmill.models.whole import WholeModel

GOALS = {
    "ratio": "≥ 1.0 (our steps a second over open_clip's)",
    "cached_time_ratio": "≤ 1.35 (time with chunks of an eighth over time without)",
}
BATCH, SIDE, CONTEXT, VOCABULARY, DIM, THREADS = 128, 64, 32, 1000, 128, 2
ROUNDS, WARM = 20, 1
MIB = 2**20


def measure() -> tuple[dict[str, float], dict[str, Any]]:
    """Time three kinds of step in turns, and let a process each say what memory it takes."""
    settle_threads(THREADS)
    keep_freed_memory(ALL)  # as the trainer does; theirs gains by it, too
    steps = {name: steps_of(name) for name in ("theirs", "ours", "cached")}
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(WARM + ROUNDS):
        order = list(steps.items())
        for name, step in order if turn % 2 else reversed(order):
            started = time.perf_counter()
            step()
            if turn >= WARM:
                seconds[name].append(time.perf_counter() - started)
    medians = {name: statistics.median(found) for name, found in seconds.items()}
    figures = {
        "ratio": ratio(seconds["theirs"], seconds["ours"]),
        "cached_time_ratio": ratio(seconds["cached"], seconds["ours"]),
    }
    details = {
        "seconds_a_step": {name: round(value, 4) for name, value in medians.items()},
        "peak_mib": {name: peak_of(name) for name in steps},
        "batch": BATCH, "threads": THREADS, "rounds": ROUNDS, "chunk": BATCH // 8,
        "model": f"CLIP of open_clip, {num_parameters():,} parameters, images of {SIDE} pixels, "
        f"{CONTEXT} tokens",
    }  # fmt: skip
    return figures, details


def ratio(above: list[float], below: list[float]) -> float:
    """Return the median of the rounds' ratios."""
    return round(statistics.median(a / b for a, b in zip(above, below, strict=True)), 3)


def clip() -> open_clip.CLIP:
    """Return the model, equal every time."""
    torch.manual_seed(0)
    return open_clip.CLIP(
        embed_dim=DIM,
        vision_cfg={"image_size": SIDE, "patch_size": 8, "width": 192, "layers": 6,
                    "head_width": 64},
        text_cfg={"context_length": CONTEXT, "vocab_size": VOCABULARY, "width": 128, "heads": 4,
                  "layers": 6},
    )  # fmt: skip


def data() -> tuple[torch.Tensor, torch.Tensor]:
    """Return pixels as a model takes them, (B, C, S, S), and tokens, (B, L)."""
    rng = np.random.default_rng(0)
    pixels = torch.from_numpy(rng.normal(size=(BATCH, 3, SIDE, SIDE)).astype(np.float32))
    tokens = torch.from_numpy(rng.integers(1, VOCABULARY - 1, (BATCH, CONTEXT)))
    tokens[:, -1] = VOCABULARY - 1
    return pixels, tokens


def theirs() -> Callable[[], None]:
    """Return open_clip's step: its loss, AdamW, its clamp of the scale (its train_one_epoch)."""
    model, (pixels, tokens) = clip(), data()
    loss = open_clip.loss.ClipLoss()
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-5, weight_decay=0.01)
    model.train()

    def step() -> None:
        optimiser.zero_grad()
        images, texts, scale = model(pixels, tokens)
        loss(images, texts, scale).backward()
        optimiser.step()
        with torch.no_grad():
            model.logit_scale.clamp_(0, np.log(100))

    return step


def ours(cache_rows: int) -> Callable[[], None]:
    """Return a step of the loop on the same pairs: all parameters and the temperature."""
    model, config = whole_model(), config_of(cache_rows)
    training = Training(model, captions_alone(), config, seed=0)
    phase, _ = phases(config, 10**9, 10**9)
    return lambda: training.step(phase)


def config_of(cache_rows: int) -> TrainingConfig:
    """Return a training of images with their captions alone, which never validates and has no
    term that open_clip has not."""
    return TrainingConfig(
        trainable="all", batch=BATCH, cache_rows=cache_rows, align_steps=10**6, learning_rate=1e-4,
        tower_rate=0.1, learnable_temperature=True, validate_every=10**6, keep_weight=0,
    )  # fmt: skip


def whole_model() -> WholeModel:
    """Return the same CLIP as the loop sees it: pixels come as bytes."""
    model, (pixels, tokens) = clip(), data()
    colours = Colours(mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))
    seen = ((pixels * 0.25 + 0.5) * 255).clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).numpy()
    image = ImagePart(
        module=model, fit=Fit(side=SIDE), dim=DIM, encode=lambda x: model.encode_image(colours(x))
    )
    text = TextPart(module=model, dim=DIM, tokenise=lambda _: tokens, encode=model.encode_text)
    tower = JointTower(module=model, image=image, text=text)
    return WholeModel(tower, lambda rows: np.ascontiguousarray(seen[rows]), [""] * BATCH)


def captions_alone() -> TrainingData:
    """Return as many pairs as a batch has, each once; and one triplet, which no step reads."""
    rows, one = np.arange(BATCH), np.zeros((1, 1), np.int64)
    none = np.zeros((0, 0), np.float32)
    triplet = Triplets(ids=("",), queries_P=one[0], targets_P=one[0], instructions_PI=one,
                       negatives_PK=one, authors=("",))  # fmt: skip
    captions = Captioned(ids=tuple(f"{row:04d}" for row in rows), images_P=rows, texts_P=rows)
    return TrainingData(
        features=Features(images_NF=none, texts_MT=none), train=triplet, validation=no_triplets(),
        captions=captions, validation_captions=Captioned(ids=(), images_P=rows[:0],
                                                         texts_P=rows[:0]), gallery=rows[:0],
    )  # fmt: skip


def steps_of(name: str) -> Callable[[], None]:
    """Return the step of that name."""
    return theirs() if name == "theirs" else ours(BATCH // 8 if name == "cached" else 0)


def peak_of(name: str) -> float:
    """Return the MiB that a process of its own needs for steps of that name."""
    code = f"from benchmarks.train import print_peak; print_peak({name!r})"
    told = subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE)
    return float(told.stdout)


def print_peak(name: str) -> None:
    """Print how far the process grew at its largest over three steps, MiB, without what every
    step needs alike: gradients and the optimiser's two moments."""
    settle_threads(THREADS)
    step = steps_of(name)
    alike = 3 * 4 * num_parameters() / MIB
    Path("/proc/self/clear_refs").write_text("5")  # the largest size begins anew (man 5 proc)
    before = size_of("VmRSS")
    for _ in range(3):
        step()
    print(round(size_of("VmHWM") - before - alike, 1))


def size_of(line: str) -> float:
    """Return a size of this process as Linux tells it, MiB."""
    told = Path("/proc/self/status").read_text().split(f"{line}:")[1]
    return float(told.split()[0]) / 1024


def num_parameters() -> int:
    """Return how many numbers the model learns."""
    return sum(weight.numel() for weight in clip().parameters())
