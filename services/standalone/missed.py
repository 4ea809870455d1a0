"""Find the queries that a finished run answers wrongly after training. Draws nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pairmill.core.errors import ConfigError
from pairmill.core.ids import order_key
from pairmill.core.ranking import best_rows, target_ranks
from pairmill.core.records import Hit
from pairmill.pipeline.benchmark import read_benchmark
from services.evaluator.asking import ABSENT, Question
from services.evaluator.captioned import caption_case
from services.evaluator.case import benchmark_case, mined_case
from services.evaluator.contestants import read_contestants
from services.evaluator.judging import CHUNK, TOLERANCE, Case, Embeds, Floats, embed_questions
from services.standalone.finished import FinishedRun
from services.standalone.judged import open_desk

SHOWN = 5
"""Hits of a miss."""


@dataclass(frozen=True, kw_only=True)
class Miss:
    """One query whose target is not first, its best hits, and its best target with its rank.

    image: id, or empty where the query is a text alone; text: empty where it is an image alone.
    """

    image: str
    text: str
    hits: tuple[Hit, ...]
    target: Hit
    targets: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Missed:
    """One task: how many queries it asks, how many miss, and some of those."""

    task: str
    num_asked: int
    num_missed: int
    shown: tuple[Miss, ...]


def find_misses(run: FinishedRun, *, num: int, seed: int = 0, task: str = "") -> list[Missed]:
    """Return every task, or the one of that name, with `num` of its misses, drawn by id.

    The tasks are those of the run's benchmark, or `mined` where it has none, and `text_to_image`.
    Raises ConfigError for a task that the run does not ask.
    """
    desk = open_desk(run)
    queries = read_benchmark(desk.shard, desk.objects)
    case = benchmark_case(desk, queries) if queries else mined_case(desk)
    cases = [case, caption_case(desk, case)]
    known = sorted({question.task for one in cases for question in one.questions.asked})
    if task and task not in known:
        raise ConfigError(f"got the task {task!r}, wanted one of: {', '.join(known)}")
    retriever = read_contestants(desk)["after"][0]
    return [
        _missed(one, retriever, (name, num, seed))
        for one in cases
        for name in sorted({question.task for question in one.questions.asked})
        if task in ("", name)
    ]


def _missed(case: Case, retriever: Embeds, draw: tuple[str, int, int]) -> Missed:
    task, num, seed = draw
    asked = [question for question in case.questions.asked if question.task == task]
    gallery_ND = retriever.embed_images(case.pool.features_PF[: case.pool.num_searched])
    missed = [
        question
        for part, scores_QN in _scored(case, retriever, asked, gallery_ND)
        for question, ranks in zip(part, _ranks(part, scores_QN), strict=True)
        if ranks[0] > 1
    ]
    missed.sort(key=lambda question: order_key(seed, "misses", question.query_id))
    shown = [
        _miss(case, question, scores_N)
        for part, scores_QN in _scored(case, retriever, missed[:num], gallery_ND)
        for question, scores_N in zip(part, scores_QN, strict=True)
    ]
    return Missed(task=task, num_asked=len(asked), num_missed=len(missed), shown=tuple(shown))


def _scored(
    case: Case, retriever: Embeds, asked: Sequence[Question], gallery_ND: Floats
) -> Iterator[tuple[Sequence[Question], Floats]]:
    """Yield chunks of questions with their scores, (Q, N)."""
    for start in range(0, len(asked), CHUNK):
        part = asked[start : start + CHUNK]
        yield part, embed_questions(case, retriever, part) @ gallery_ND.T


def _ranks(asked: Sequence[Question], scores_QN: Floats) -> list[tuple[int, ...]]:
    return target_ranks(scores_QN, [question.asked for question in asked], tolerance=TOLERANCE)


def _miss(case: Case, question: Question, scores_N: Floats) -> Miss:
    ids, asked = case.pool.ids, question.asked
    ((rank, *_),) = _ranks([question], scores_N[np.newaxis])
    best = max(asked.targets, key=lambda row: float(scores_N[row]))
    return Miss(
        image="" if question.image == ABSENT else ids[question.image],
        text="" if question.text == ABSENT else case.questions.texts[question.text],
        hits=tuple(
            Hit(image_id=ids[row], score=float(scores_N[row]), rank=place)
            for place, row in enumerate(best_rows(scores_N, asked, SHOWN), start=1)
        ),
        target=Hit(image_id=ids[best], score=float(scores_N[best]), rank=rank),
        targets=frozenset(ids[row] for row in asked.targets),
    )
