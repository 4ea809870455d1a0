"""Judge a head on an album. Knows features, rows and words; knows no pixel and no tower.

The protocol of composed queries is the evaluator's: the query image is removed, every score within
1e-6 ranks above a target. Of equal scores the category's own photographs come last.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.photos.features import Album, load_album
from benchmarks.photos.pictures import ASKED, GALLERIES, WORDS
from pairmill.core.ranking import Asked, best_rows
from pairmill.models.retriever import Retriever
from pairmill.pipeline.progress import Silent
from services.evaluator.asking import Pool, Question, Questions
from services.evaluator.judging import MODES, Case, Embeds, evaluate_benchmark

FIRST = 10
OTHERS = ("brightness", "zoom", "line_drawing")
Figures = dict[str, float]


def judge_head(
    head: Mapping[str, NDArray[np.float32]], folder: Path
) -> tuple[Figures, dict[str, Any]]:
    """Return figures and details of a head, `Encoder.head()`, on the album cached in `folder`."""
    return judge_album(load_album(folder), Retriever.untrained(dict(head), encoder_id="any"))


def judge_album(album: Album, judged: Embeds) -> tuple[Figures, dict[str, Any]]:
    """Return the figures of the issue, and per task and category what they are made of."""
    tasks = {task: _judge_task(album, judged, task) for task in GALLERIES}
    words = precision_at_first(album, judged, WORDS)
    spelled = precision_at_first(album, judged, {name: name for name in WORDS})
    others = [found["composed"] for task, found in tasks.items() if task in OTHERS]
    figures = {
        "category_precision_at_10": _mean(words.values()),
        "recolour_recall_at_1": tasks["recolour"]["composed"],
        "other_edits_recall_at_1": _mean(others),
        "best_control_recall_at_1": max(tasks["recolour"][mode] for mode in MODES[1:]),
    }
    return figures, {
        "recall_at_1": tasks,
        "words": WORDS,
        "precision_at_10": words,
        "precision_at_10_as_the_corpus_spells_them": _mean(spelled.values()),
    }


def precision_at_first(album: Album, judged: Embeds, words: Mapping[str, str]) -> Figures:
    """Return, by category, the share of its photographs among the first ten that its word finds."""
    photos_PD = judged.embed_images(album.photos_PF)
    rows = [album.text(word) for word in words.values()]
    scores_QP = judged.embed_queries(None, album.texts_MT[rows]) @ photos_PD.T
    found = {}
    for category, scores_P in zip(words, scores_QP, strict=True):
        right = {row for row, name in enumerate(album.categories) if name == category}
        first = best_rows(scores_P, Asked(targets=tuple(sorted(right))), FIRST)
        found[category] = len(right & set(first)) / FIRST
    return found


def build_case(album: Album, task: str, asked: Mapping[str, str]) -> Case:
    """Return a task's gallery, and each edited photograph with each instruction of `asked`."""
    names, num_P, num_D = GALLERIES[task], len(album.ids), len(album.edited_D)
    copies = [album.copies_CDF[album.copies.index(name)] for name in names]
    ids = [f"{album.ids[row]}/{name}" for name in names for row in album.edited_D]
    pool = Pool(
        ids=(*album.ids, *ids),
        features_PF=np.concatenate([album.photos_PF, *copies]),
        num_searched=num_P + len(ids),
    )
    questions = tuple(
        Question(
            query_id=f"{album.ids[row]}/{text}", task=text, image=int(row), text=album.text(text),
            asked=Asked(targets=(num_P + names.index(name) * num_D + place,), removed=(int(row),)),
        )
        for place, row in enumerate(album.edited_D)
        for text, name in asked.items()
    )  # fmt: skip
    return Case(
        questions=Questions(asked=questions, texts=album.texts, refused=()),
        pool=pool, texts_MT=album.texts_MT,
    )  # fmt: skip


def _judge_task(album: Album, judged: Embeds, task: str) -> Figures:
    """Return recall@1 by mode, and of the composed queries by instruction."""
    case = build_case(album, task, ASKED[task])
    tree = evaluate_benchmark(case, {"head": (judged, MODES)}, (), Silent())
    found = {mode: means["recall@1"] for mode, means in tree["head"].items()}
    by_text = {text: part["head"]["composed"]["recall@1"] for text, part in tree["by_task"].items()}
    return found | by_text


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return round(sum(found) / len(found), 6)
