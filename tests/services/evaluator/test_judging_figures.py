"""Figures of every retriever and mode, against hand cases and a walk through every query."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pairmill.core.errors import ScoreError
from pairmill.core.records import BenchmarkQuery
from pairmill.pipeline.progress import Silent
from services.evaluator.asking import ask, build_pool
from services.evaluator.judging import MODES, Case, embed_questions, evaluate_benchmark

Floats = NDArray[np.float32]


class Sum:
    """Image and text features summed, then normalised: MMRet-CLIP without heads."""

    def embed_images(self, features_NF: Floats) -> Floats:
        unit: Floats = features_NF / np.linalg.norm(features_NF, axis=1, keepdims=True)
        return unit

    def embed_queries(self, image: Floats | None, text: Floats | None) -> Floats:
        parts = [part for part in (image, text) if part is not None]
        return self.embed_images(np.sum(parts, axis=0).astype(np.float32))


class Constant(Sum):
    """Puts every image in one place."""

    def embed_images(self, features_NF: Floats) -> Floats:
        return np.full((len(features_NF), 7), 7**-0.5, np.float32)


class Broken(Sum):
    """Makes one embedding that is not a number."""

    def embed_images(self, features_NF: Floats) -> Floats:
        found = super().embed_images(features_NF)
        found[-1] = np.nan
        return found


def case(num: int = 40, tasks: int = 2) -> tuple[Case, list[BenchmarkQuery]]:
    rng = np.random.default_rng(3)
    ids = [f"i{n}" for n in range(num)]
    features = rng.standard_normal((num, 6)).astype(np.float32)
    queries = [
        BenchmarkQuery(
            query_id=f"q{n}", task=f"t{n % tasks}", targets=(f"i{(n * 7 + 1) % num}",),
            query_image=f"i{n}" if n % 5 else "", instruction=f"text {n % 9}" if n % 4 else "",
        )
        for n in range(num) if n % 20
    ]  # fmt: skip
    pool = build_pool((ids, features), ([], np.zeros((0, 0), np.float32)), [])
    questions = ask(queries, lambda key: key, pool)
    texts = rng.standard_normal((len(questions.texts), 6)).astype(np.float32)
    return Case(questions=questions, pool=pool, texts_MT=texts), queries


def judge(whole: Case, retriever: Any, modes: tuple[str, ...] = MODES) -> dict[str, Any]:
    return evaluate_benchmark(whole, {"after": (retriever, modes)}, (), Silent())


def test_recall_is_that_of_a_walk_through_every_query() -> None:
    whole, _ = case()
    tree = judge(whole, Sum())
    unit = Sum().embed_images(whole.pool.features_PF)
    for mode in MODES:
        hits, num = 0, 0
        for q in whole.questions.asked:
            parts = []
            if q.image >= 0 and mode != "text_only":
                parts.append(whole.pool.features_PF[q.image])
            if q.text >= 0 and mode != "image_only":
                parts.append(whole.texts_MT[q.text])
            if not parts:
                continue
            scores = unit @ np.sum(parts, axis=0)
            others = [n for n in range(len(unit)) if n not in (q.image, q.asked.targets[0])]
            hits += max(scores[others]) < scores[q.asked.targets[0]]
            num += 1
        assert tree["num_queries"][mode] == num
        assert tree["after"][mode]["recall@1"] == pytest.approx(hits / num, abs=1e-6)


def test_controls_skip_the_queries_that_lack_their_part_and_say_how_many() -> None:
    whole, queries = case()
    counted = judge(whole, Sum())["num_queries"]
    asked = {q.query_id for q in whole.questions.asked}
    kept = [q for q in queries if q.query_id in asked]
    assert counted == {
        "composed": len(kept),
        "image_only": sum(bool(q.query_image) for q in kept),
        "text_only": sum(bool(q.instruction) for q in kept),
    }
    assert counted["image_only"] < counted["composed"] > counted["text_only"]


def test_a_mode_that_no_query_fits_is_left_out() -> None:
    whole, _ = case()
    only = [q for q in whole.questions.asked if q.text < 0]
    questions = type(whole.questions)(asked=tuple(only), texts=(), refused=())
    tree = judge(Case(questions=questions, pool=whole.pool, texts_MT=whole.texts_MT), Sum())
    assert set(tree["after"]) == {"composed", "image_only"}
    assert tree["after"]["composed"] == tree["after"]["image_only"]


def test_tasks_have_the_same_tree_and_add_up() -> None:
    whole, _ = case()
    tree = judge(whole, Sum())
    tasks = tree["by_task"]
    assert list(tasks) == ["t0", "t1"]
    for mode in MODES:
        total = sum(t["num_queries"][mode] * t["after"][mode]["mrr"] for t in tasks.values())
        assert total / tree["num_queries"][mode] == pytest.approx(
            tree["after"][mode]["mrr"], abs=1e-5
        )
    assert set(tasks["t0"]["after"]["composed"]) == set(tree["after"]["composed"])


def test_a_retriever_that_puts_all_images_in_one_place_finds_nothing() -> None:
    whole, _ = case()
    tree = judge(whole, Constant())
    assert tree["after"]["composed"]["recall@10"] == 0
    assert tree["after"]["image_only"]["mrr"] == pytest.approx(1 / 39, abs=1e-6)


def test_an_embedding_that_is_not_a_number_is_refused() -> None:
    whole, _ = case()
    with pytest.raises(ScoreError, match="NaN or infinite"):
        judge(whole, Broken())


def test_raw_features_are_judged_by_the_image_alone() -> None:
    whole, _ = case()
    assert set(judge(whole, Sum(), ("image_only",))["after"]) == {"image_only"}


def test_embeddings_stand_in_the_order_of_their_questions() -> None:
    whole, _ = case()
    asked = whole.questions.asked
    together = embed_questions(whole, Sum(), asked)
    alone = [embed_questions(whole, Sum(), [question])[0] for question in asked]
    assert np.allclose(together, alone, atol=1e-6)


def test_no_questions_give_no_figures_but_the_same_keys() -> None:
    whole, _ = case()
    questions = type(whole.questions)(asked=(), texts=(), refused=())
    tree = judge(Case(questions=questions, pool=whole.pool, texts_MT=whole.texts_MT), Sum())
    assert tree == {
        "num_queries": {"composed": 0, "image_only": 0, "text_only": 0}, "after": {}, "by_task": {},
    }  # fmt: skip
