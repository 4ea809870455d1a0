"""Pick queries that show what training changed, with what they find before and after.

Knows cases and retrievers; knows no picture. The choice shows successes: it is no fair sample.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pairmill.core.ids import order_key
from pairmill.core.ranking import best_rows, target_ranks
from pairmill.core.records import Hit
from services.evaluator.asking import ABSENT, Question
from services.evaluator.judging import TOLERANCE, Case, Embeds, Floats, embed_questions

NUM_DRAWN = 500
"""Queries looked at, drawn by their ids: enough to find telling ones, done in a second."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """One query and its first hits. targets: ids of what it should find. ranks: where the best
    target stands before and after, from 1."""

    query_id: str
    image_id: str
    instruction: str
    targets: tuple[str, ...]
    before: tuple[Hit, ...]
    after: tuple[Hit, ...]
    ranks: tuple[int, int]


def telling_examples(
    case: Case, before: Embeds, after: Embeds, *, num: int, num_hits: int
) -> list[Example]:
    """Return up to `num` queries of image and text, those first that training put right.

    Different instructions go before equal ones; the rest of the order is drawn by ids.
    """
    asked = [q for q in case.questions.asked if ABSENT not in (q.image, q.text)]
    asked = sorted(asked, key=lambda q: order_key(0, "examples", q.query_id))[:NUM_DRAWN]
    if not asked:
        return []
    scores = [_scores(case, retriever, asked) for retriever in (before, after)]
    rows = [q.asked for q in asked]
    first, then = (target_ranks(s, rows, tolerance=TOLERANCE) for s in scores)
    ranks = [(b[0], a[0]) for b, a in zip(first, then, strict=True)]
    return [
        _example(case, asked[place], (scores[0][place], scores[1][place]), ranks[place], num_hits)
        for place in _choose(asked, ranks, num)
    ]


def _scores(case: Case, retriever: Embeds, asked: Sequence[Question]) -> Floats:
    gallery_ND = retriever.embed_images(case.pool.features_PF[: case.pool.num_searched])
    return embed_questions(case, retriever, asked) @ gallery_ND.T


def _choose(asked: Sequence[Question], ranks: Sequence[tuple[int, int]], num: int) -> list[int]:
    left, chosen, used = list(range(len(asked))), list[int](), Counter[int]()

    def worth(place: int) -> tuple[bool, int, bool, int]:
        before, after = ranks[place]
        return after > 1, used[asked[place].text], before == 1, place

    while left and len(chosen) < num:
        best = min(left, key=worth)
        left.remove(best)
        chosen.append(best)
        used[asked[best].text] += 1
    return chosen


def _example(
    case: Case, question: Question, scores: tuple[Floats, Floats], ranks: tuple[int, int], k: int
) -> Example:
    ids = case.pool.ids
    before, after = (
        tuple(
            Hit(image_id=ids[row], score=float(np.float32(scores_N[row])), rank=rank)
            for rank, row in enumerate(best_rows(scores_N, question.asked, k), start=1)
        )
        for scores_N in scores
    )
    return Example(
        query_id=question.query_id, image_id=ids[question.image],
        instruction=case.questions.texts[question.text],
        targets=tuple(ids[row] for row in question.asked.targets),
        before=before, after=after, ranks=ranks,
    )  # fmt: skip
