"""Ask a finished run's benchmark again, to show what it finds. Draws nothing."""

from dataclasses import dataclass

from pairmill.core.ids import order_key
from pairmill.core.ranking import best_rows, target_ranks
from pairmill.pipeline.benchmark import read_benchmark
from pairmill.pipeline.graph import ALL
from pairmill.pipeline.progress import Silent
from pairmill.ports.queue import Task
from pairmill.working.desk import open_shard
from services.evaluator.asking import ABSENT, Question
from services.evaluator.case import Desk, benchmark_case, mined_case
from services.evaluator.contestants import read_contestants
from services.evaluator.judging import TOLERANCE, Case, Embeds, embed_questions
from services.standalone.finished import FinishedRun

SHOWN = 6
"""Hits of a row."""


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """One query, what it finds before and after training (image ids), and its targets.

    ranks: the best target's rank before and after, from 1.
    """

    image: str
    text: str
    task: str
    targets: frozenset[str]
    hits: tuple[tuple[str, ...], tuple[str, ...]]
    ranks: tuple[int, int]


def open_desk(run: FinishedRun) -> Desk:
    """Return what an evaluation of the run works with."""
    task = Task(run=run.graph.spec.name, node="evaluate", shard=ALL)
    shard = open_shard(run.ports, run.graph, task)
    return Desk(shard, run.ports.pictures, run.ports.opener, Silent())


def find_contrasts(run: FinishedRun, num: int) -> list[Contrast]:
    """Return queries of different tasks that training mended, drawn by id.

    Mended: a target is first after training and was not among those shown before. They show what
    was learnt, not how often: for that there are the figures.
    """
    desk = open_desk(run)
    queries = read_benchmark(desk.shard, desk.objects)
    case = benchmark_case(desk, queries) if queries else mined_case(desk)
    asked = [q for q in case.questions.asked if ABSENT not in (q.image, q.text)]
    asked.sort(key=lambda question: order_key(0, "contrast", question.query_id))
    found = _contrasts(desk, case, asked)
    mended = [c for c in found if c.ranks[1] == 1 and c.ranks[0] > SHOWN]
    by_task = sorted({c.task for c in mended})
    rounds = [[c for c in mended if c.task == task] for task in by_task]
    turns = [c for turn in range(num) for row in rounds for c in row[turn : turn + 1]]
    return turns[:num]


def _contrasts(desk: Desk, case: Case, asked: list[Question]) -> list[Contrast]:
    if not asked:
        return []
    contestants = read_contestants(desk)
    before, after = (_answers(case, contestants[name][0], asked) for name in ("before", "after"))
    return [
        Contrast(
            image=case.pool.ids[question.image], text=case.questions.texts[question.text],
            task=question.task, hits=(first[0], then[0]), ranks=(first[1], then[1]),
            targets=frozenset(case.pool.ids[t] for t in question.asked.targets),
        )
        for question, first, then in zip(asked, before, after, strict=True)
    ]  # fmt: skip


def _answers(
    case: Case, retriever: Embeds, asked: list[Question]
) -> list[tuple[tuple[str, ...], int]]:
    """Return each question's best hits (image ids) and its best target's rank."""
    gallery_ND = retriever.embed_images(case.pool.features_PF[: case.pool.num_searched])
    scores_QN = embed_questions(case, retriever, asked) @ gallery_ND.T
    ranks = target_ranks(scores_QN, [q.asked for q in asked], tolerance=TOLERANCE)
    hits = [
        best_rows(scores_N, q.asked, SHOWN) for scores_N, q in zip(scores_QN, asked, strict=True)
    ]
    return [
        (tuple(case.pool.ids[row] for row in rows), min(of_targets))
        for rows, of_targets in zip(hits, ranks, strict=True)
    ]
