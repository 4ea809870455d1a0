"""Rank every question's targets by every retriever, and put the figures in one tree.

Knows features and rows; knows no store, no shard and no file, so a run and a command share it.

Shapes: Q questions, P images of the pool, N of them searched, F image features, T text features,
M texts, D dims of an embedding.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pairmill.core.metrics import figures
from pairmill.core.ranking import target_ranks
from pairmill.pipeline.progress import Progress
from services.evaluator.asking import ABSENT, Pool, Question, Questions

Floats = NDArray[np.float32]
MODES = ("composed", "image_only", "text_only")
"""What of a query is used: all that it has, or one part alone, as a control (arXiv 2605.14787)."""
ALONE = {"text_to_image": "text_only", "image_to_image": "image_only"}
"""Queries that are one part from the start, and the mode in which they are judged."""
CHUNK = 512
TOLERANCE = 1e-6
"""Cosines nearer than this are equal: it is above the rounding of a float32 product, which gives
the same embedding slightly different scores in different columns."""
DECIMALS = 6


class Embeds(Protocol):
    """What is judged: makes unit vectors of images and of queries, float32."""

    def embed_images(self, features_NF: Floats) -> Floats:
        """Return the embeddings of candidates, (N, D)."""
        ...

    def embed_queries(self, features_QF: Floats | None, features_QT: Floats | None) -> Floats:
        """Return the embeddings of queries, (Q, D); image or text may be None."""
        ...


@dataclass(frozen=True, kw_only=True)
class Case:
    """What every retriever is asked. texts_MT: raw text features of `questions.texts`."""

    questions: Questions
    pool: Pool
    texts_MT: Floats


def evaluate_benchmark(
    case: Case, judged: Mapping[str, tuple[Embeds, Sequence[str]]], ks: Iterable[int],
    progress: Progress,
) -> dict[str, Any]:  # fmt: skip
    """Return `<name>.<mode>.<metric>` for every retriever, and the same by task.

    judged: name to retriever and the modes it is judged in. ks: cut-offs beside 1, 5 and 10. A
    mode skips the questions that lack its part; `num_queries` says how many it had, and a mode
    without any is left out. Raises ScoreError where an embedding is not finite.
    """
    ranks = {
        name: _ranks(case, retriever, modes, progress)
        for name, (retriever, modes) in judged.items()
    }
    asked, cuts = case.questions.asked, tuple(ks)
    tree = _tree(asked, ranks, cuts)
    tasks = sorted({question.task for question in asked})
    tree["by_task"] = {
        task: _tree([q for q in asked if q.task == task], ranks, cuts) for task in tasks
    }
    return tree


def evaluate_alone(
    case: Case, judged: Mapping[str, tuple[Embeds, Sequence[str]]], kind: str, ks: Iterable[int],
    progress: Progress,
) -> dict[str, Any]:  # fmt: skip
    """Return `num_queries.<kind>` and `<name>.<kind>.<metric>` of queries that are a text alone, or
    an image alone, by every retriever that reads such; they have no controls and no tasks.

    kind: one of ALONE.
    """
    mode = ALONE[kind]
    able = {name: (found, [mode]) for name, (found, modes) in judged.items() if mode in modes}
    tree = evaluate_benchmark(case, able, ks, progress)
    found = {name: {kind: tree[name][mode]} for name in able if mode in tree[name]}
    return {"num_queries": {kind: tree["num_queries"][mode]}} | found


def fits(question: Question, mode: str) -> bool:
    """Say whether a question has what a mode needs."""
    return any(_uses(question, mode))


def embed_questions(
    case: Case, retriever: Embeds, asked: Sequence[Question], mode: str = "composed"
) -> Floats:
    """Return the embeddings, (Q, D), of what `mode` uses of each question, in order; Q > 0."""
    alike: dict[tuple[bool, bool], list[int]] = {}
    for place, question in enumerate(asked):
        alike.setdefault(_uses(question, mode), []).append(place)
    parts = []
    for (image, text), places in alike.items():
        images = [asked[place].image for place in places]
        texts = [asked[place].text for place in places]
        features_KF = case.pool.features_PF[images] if image else None
        features_KT = case.texts_MT[texts] if text else None
        parts.append((places, retriever.embed_queries(features_KF, features_KT)))
    found_QD = np.zeros((len(asked), parts[0][1].shape[1]), np.float32)
    for places, part_KD in parts:
        found_QD[places] = part_KD
    return found_QD


def _uses(question: Question, mode: str) -> tuple[bool, bool]:
    image = question.image != ABSENT and mode != "text_only"
    text = question.text != ABSENT and mode != "image_only"
    return image, text


Ranked = Mapping[str, Mapping[str, tuple[int, ...]]]
"""Mode to query id to the ranks of the query's targets."""


def _ranks(case: Case, retriever: Embeds, modes: Sequence[str], progress: Progress) -> Ranked:
    asked = case.questions.asked
    if not asked:
        return {mode: {} for mode in modes}
    gallery_ND = retriever.embed_images(case.pool.features_PF[: case.pool.num_searched])
    found: dict[str, dict[str, tuple[int, ...]]] = {mode: {} for mode in modes}
    for mode in modes:
        usable = [question for question in asked if fits(question, mode)]
        for start in range(0, len(usable), CHUNK):
            part = usable[start : start + CHUNK]
            scores_QN = embed_questions(case, retriever, part, mode) @ gallery_ND.T
            ranks = target_ranks(scores_QN, [q.asked for q in part], tolerance=TOLERANCE)
            found[mode] |= {q.query_id: r for q, r in zip(part, ranks, strict=True)}
            progress.advance(len(part))
    return found


def _tree(
    asked: Sequence[Question], ranks: Mapping[str, Ranked], ks: tuple[int, ...]
) -> dict[str, Any]:
    tree: dict[str, Any] = {
        "num_queries": {mode: sum(fits(q, mode) for q in asked) for mode in MODES}
    }
    for name, ranked in ranks.items():
        of_modes = {
            mode: figures([found[q.query_id] for q in asked if q.query_id in found], ks)
            for mode, found in ranked.items()
        }
        tree[name] = {mode: _rounded(means) for mode, means in of_modes.items() if means}
    return tree


def _rounded(means: Mapping[str, float]) -> dict[str, float]:
    return {name: round(mean, DECIMALS) for name, mean in means.items()}
