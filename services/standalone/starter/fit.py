"""Train the shipped head: a closed form to start from, then the product's own loop.

Knows a run's commits and the loop; knows no pixel. README.md says how it is called.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from pairmill.config import TrainingConfig
from pairmill.core.errors import CorpusError
from pairmill.models.examples import TrainingData
from pairmill.models.fitting import Tensors, fit_head
from pairmill.models.heads import head_arrays, load_heads
from pairmill.models.loop import Outcome, Training
from pairmill.models.model import HeadsModel
from pairmill.models.threads import settle_threads
from pairmill.pipeline.graph import ALL
from pairmill.pipeline.progress import Progress
from pairmill.ports.queue import Task
from pairmill.working.desk import open_shard
from services.standalone.finished import open_run
from services.standalone.starter.examples import read_examples
from services.trainer.texts import TextFeatures

DIM, HIDDEN = 384, 256
LEAST_IMAGES = 1000
"""Fewer cannot tell 384 directions of either side apart."""

RECIPE = TrainingConfig(
    batch=512, align_steps=60, compose_steps=1500, epochs=20, warmup_steps=50, learning_rate=3e-5,
    text_rate=50, temperature=0.07, noise=0.1, text_noise=0.5, edit_share=0.7, num_negatives=6,
    align_weight=1, keep_weight=1, validate_every=300, patience=100, checkpoint_every=10_000,
    image_tolerance=1.0,
)  # fmt: skip
"""Images learn slowly and are held to their neighbours, words learn fast: the closed form tells an
image that was zoomed into or drawn in outline from others so edited better than any trained head
does (67 and 84 % against 54 and 66 after 1e-4), and every fast step costs some of it. Most of a
batch are edits, so many of one kind together. image_tolerance: what the closed form has of image
search may be given up in part, since it has nothing else."""


class Forgetful:
    """Keeps no state: a fit that is stopped begins anew."""

    def save(self, step: int, state: bytes) -> None:
        """Keep nothing."""

    def load(self) -> tuple[int, bytes] | None:
        """Return nothing."""
        return None


@dataclass(frozen=True)
class Fitted:
    """A head's tensors as float16, and how its training went, one row a validation."""

    tensors: dict[str, np.ndarray]
    curve: list[dict[str, Any]]

    def to_bytes(self) -> bytes:
        """Return the safetensors file."""
        data: bytes = save(self.tensors)
        return data


def open_examples(root: Path, progress: Progress) -> TrainingData:
    """Return the examples of the latest run in an output folder."""
    opened = open_run(root)
    ports, name = opened.ports, opened.graph.spec.name
    shard = open_shard(ports, opened.graph, Task(run=name, node="train", shard=ALL))
    texts = TextFeatures(objects=ports.objects, prefix=f"runs/{name}/features/texts",
                         encoder=ports.encoder, progress=progress)  # fmt: skip
    return read_examples(shard, ports.objects, ports.encoder, texts, ports.settings.cache)


def starting_head(data: TrainingData) -> Tensors:
    """Return the closed form; CorpusError where too few images have a caption."""
    _, first = np.unique(data.captions.images_P, return_index=True)
    rows = data.captions.images_P[first]
    if len(rows) < LEAST_IMAGES:
        raise CorpusError(f"got {len(rows)} images with a caption, wanted {LEAST_IMAGES}")
    real = data.features.images_NF
    return fit_head(real, rows, data.features.texts_MT[data.captions.texts_P[first]], dim=DIM)


def fit(data: TrainingData, recipe: TrainingConfig, progress: Progress, *, threads: int) -> Fitted:
    """Return the head that training leads to."""
    heads = load_heads(starting_head(data), num_hidden=HIDDEN)
    settle_threads(threads)
    progress.total(recipe.align_steps + recipe.compose_steps)
    model = HeadsModel(heads, data.features, recipe.noise, recipe.text_noise)
    outcome: Outcome = Training(model, data, recipe, seed=0).run(Forgetful(), progress)
    arrays = head_arrays(heads)
    return Fitted({name: array.astype(np.float16) for name, array in arrays.items()},
                  list(outcome.standing.curve))  # fmt: skip
