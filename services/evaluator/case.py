"""Gather what an evaluation asks: queries, gallery and features of one run. Knows commits and
features; knows no figure.

Where towers were trained, too, their features stand beside those of the locked ones, which come
first: the same rows serve what was there before and what is there after.

Shapes: P images of the pool, F image features, M texts, T text features
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pairmill.core.ids import digest_of
from pairmill.core.records import BenchmarkQuery, Split, Triplet
from pairmill.models.opening import Opened, Opener
from pairmill.pipeline.benchmark import read_images
from pairmill.pipeline.images import Pictures
from pairmill.pipeline.progress import Progress
from pairmill.pipeline.published import read_checkpoint
from pairmill.pipeline.shard import Shard, read_records, read_vectors
from pairmill.ports.encoder import Encoder, Towers
from pairmill.ports.objects import ObjectStore
from services.evaluator.anew import look_anew
from services.evaluator.asking import Find, Pool, Questions, ask, build_pool
from services.evaluator.judging import Case

TEXTS_AT_ONCE = 64


@dataclass(frozen=True)
class Desk:
    """What gathering works with: the evaluation's shard, the run's images, what opens its
    checkpoint."""

    shard: Shard
    pictures: Pictures
    opener: Opener
    progress: Progress

    @property
    def objects(self) -> ObjectStore:
        """The run's objects."""
        return self.pictures.corpus.objects

    @property
    def encoder(self) -> Encoder:
        """The locked towers."""
        return self.opener.encoder

    @cached_property
    def opened(self) -> Opened:
        """The published checkpoint.

        Raises FormatError where it is damaged, ConfigError where it was trained on another encoder
        than this process has.
        """
        files = self.shard.files("train", "checkpoint")
        return self.opener.open(read_checkpoint(self.objects, files))

    @property
    def towers(self) -> tuple[Towers, ...]:
        """All whose features stand side by side, the locked ones first."""
        return (self.encoder, self.opened.towers) if self.opened.anew else (self.encoder,)


def benchmark_case(desk: Desk, queries: Sequence[BenchmarkQuery]) -> Case:
    """Return the case of queries by key over the run's gallery, or over its corpus where it has
    none. Query images may lie in the corpus, too."""
    images = read_images(desk.shard, desk.objects)
    searched, others = "embed", ""
    if desk.shard.graph.spec.gallery:
        searched, others = "embed@gallery", "embed"
    wanted = [images.find(query.query_image) for query in queries if query.query_image]
    pool = _seen(desk, build_pool(_features(desk, searched), _features(desk, others), wanted))
    return encode(desk, ask(queries, images.find, pool), pool)


def mined_case(desk: Desk) -> Case:
    """Return the case of the run's own validation triplets, by image id.

    Triplets that ask the same of the same image are one query with several targets. The gallery
    is every held-out image of these triplets.
    """
    objects, shard = desk.objects, desk.shard
    parts = read_records(objects, shard.files("split", "splits"), Split)
    kept = {split.pair_id for split in parts if split.part == "validation"}
    triplets = read_records(objects, shard.files("gate", "triplets"), Triplet)
    validation = [triplet for triplet in triplets if triplet.pair_id in kept]
    held_out = {image for t in validation for image in (t.query_id, t.target_id)}
    ids, features_NF = _features(desk, "embed")
    rows = [row for row, image in enumerate(ids) if image in held_out]
    searched = [ids[row] for row in rows], features_NF[rows]
    pool = _seen(desk, build_pool(searched, ([], features_NF[:0]), []))
    return encode(desk, ask(mined_queries(validation), _itself, pool), pool)


def mined_queries(triplets: Sequence[Triplet]) -> list[BenchmarkQuery]:
    """Return one query for each instruction of each query image, with all its targets."""
    targets: dict[tuple[str, str], set[str]] = {}
    for triplet in triplets:
        for instruction in triplet.instructions:
            targets.setdefault((triplet.query_id, instruction), set()).add(triplet.target_id)
    return [
        BenchmarkQuery(query_id=digest_of([image, text], length=32), query_image=image,
                       instruction=text, targets=tuple(sorted(found)), task="mined")
        for (image, text), found in sorted(targets.items())
    ]  # fmt: skip


def encode(desk: Desk, questions: Questions, pool: Pool) -> Case:
    """Return the case of questions, every text of theirs passed through the text towers once."""
    found = [_read(desk, towers, questions.texts) for towers in desk.towers]
    return Case(questions=questions, pool=pool, texts_MT=np.concatenate(found, axis=1))


def _read(desk: Desk, towers: Towers, texts: Sequence[str]) -> np.ndarray:
    parts = [np.zeros((0, towers.text_dim), np.float32)]
    for start in range(0, len(texts), TEXTS_AT_ONCE):
        parts.append(towers.text_features(texts[start : start + TEXTS_AT_ONCE]))
        desk.progress.advance(0)
    return np.concatenate(parts)


def _seen(desk: Desk, pool: Pool) -> Pool:
    """Return the pool as all towers see it."""
    if not desk.opened.anew:
        return pool
    return look_anew(desk.shard, desk.pictures, desk.opened.towers, pool, desk.progress)


def _features(desk: Desk, node: str) -> tuple[list[str], np.ndarray]:
    """Return ids and features of a node; none where it has no name."""
    files = desk.shard.files(node, "features") if node else []
    return read_vectors(desk.objects, files)


_itself: Find = str
