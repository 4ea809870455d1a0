"""Gather what an evaluation asks: queries, gallery and features of one run. Knows commits and
features; knows no retriever and no figure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pairmill.core.ids import digest_of
from pairmill.core.records import BenchmarkQuery, Split, Triplet
from pairmill.pipeline.benchmark import read_images
from pairmill.pipeline.progress import Progress
from pairmill.pipeline.shard import Shard, read_records, read_vectors
from pairmill.ports.encoder import Encoder
from pairmill.ports.objects import ObjectStore
from services.evaluator.asking import Find, Pool, Questions, ask, build_pool
from services.evaluator.judging import Case

TEXTS_AT_ONCE = 64


@dataclass(frozen=True)
class Desk:
    """What gathering works with: the evaluation's shard, the run's objects, the text tower."""

    shard: Shard
    objects: ObjectStore
    encoder: Encoder
    progress: Progress


def benchmark_case(desk: Desk, queries: Sequence[BenchmarkQuery]) -> Case:
    """Return the case of queries by key over the run's gallery, or over its corpus where it has
    none. Query images may lie in the corpus, too."""
    images = read_images(desk.shard, desk.objects)
    searched, others = "embed", ""
    if desk.shard.graph.spec.gallery:
        searched, others = "embed@gallery", "embed"
    wanted = [images.find(query.query_image) for query in queries if query.query_image]
    pool = build_pool(_features(desk, searched), _features(desk, others), wanted)
    return encode(desk, ask(queries, images.find, pool), pool)


def mined_case(desk: Desk) -> Case:
    """Return the case of the run's own validation triplets, by image id.

    Triplets that ask the same of the same image are one query with several targets. The gallery
    is every held-out image of these triplets.
    """
    objects, shard = desk.objects, desk.shard
    parts = read_records(objects, shard.files("split", "splits"), Split)
    kept = {split.pair_id for split in parts if split.part == "validation"}
    triplets = read_records(objects, shard.files("instruct", "triplets"), Triplet)
    validation = [triplet for triplet in triplets if triplet.pair_id in kept]
    held_out = {image for t in validation for image in (t.query_id, t.target_id)}
    ids, features_NF = _features(desk, "embed")
    rows = [row for row, image in enumerate(ids) if image in held_out]
    searched = [ids[row] for row in rows], features_NF[rows]
    pool = build_pool(searched, ([], features_NF[:0]), [])
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
    """Return the case of questions, every text of theirs passed through the text tower once."""
    parts = [np.zeros((0, desk.encoder.text_dim), np.float32)]
    for start in range(0, len(questions.texts), TEXTS_AT_ONCE):
        parts.append(desk.encoder.text_features(questions.texts[start : start + TEXTS_AT_ONCE]))
        desk.progress.advance(0)
    return Case(questions=questions, pool=pool, texts_MT=np.concatenate(parts))


def _features(desk: Desk, node: str) -> tuple[list[str], np.ndarray]:
    """Return ids and features of a node; none where it has no name."""
    files = desk.shard.files(node, "features") if node else []
    return read_vectors(desk.objects, files)


_itself: Find = str
