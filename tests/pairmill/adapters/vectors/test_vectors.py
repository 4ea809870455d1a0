"""What every vector store must do, judged by brute force. The adapters stand in conftest.py.

N vectors, Q queries, D dims.
"""

from uuid import uuid4

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pairmill.ports.vectors import Neighbours, VectorStore

TOLERANCE = 1e-5


def identity(number: int) -> str:
    """Return the id of vector `number`."""
    return f"{number:032x}"


def unit_vectors(num: int, dim: int, seed: int = 0) -> NDArray[np.float32]:
    """Return random unit vectors, (num, dim)."""
    vectors_ND = np.random.default_rng(seed).standard_normal((num, dim)).astype(np.float32)
    return np.asarray(vectors_ND / np.linalg.norm(vectors_ND, axis=1, keepdims=True), np.float32)


def filled(vectors: VectorStore, vectors_ND: NDArray[np.float32]) -> str:
    """Return a new collection of these vectors, with ids counted from 0."""
    name = f"c{uuid4().hex}"
    vectors.create(name, vectors_ND.shape[1])
    vectors.upsert(name, [identity(i) for i in range(len(vectors_ND))], vectors_ND)
    return name


def assert_nearest(
    found: Neighbours, queries_QD: NDArray[np.float32], vectors_ND: NDArray[np.float32], k: int
) -> None:
    """Compare with all scores sorted; ids of equal scores may come in any order."""
    scores_QN = queries_QD.astype(np.float64) @ vectors_ND.astype(np.float64).T
    wanted_QK = -np.sort(-scores_QN, axis=1)[:, :k]
    assert len(found.ids) == len(found.scores) == len(queries_QD)
    for ids, scores, wanted_K, scores_N in zip(
        found.ids, found.scores, wanted_QK, scores_QN, strict=True
    ):
        assert len(set(ids)) == len(ids) == len(scores) == min(k, len(vectors_ND))
        np.testing.assert_allclose(scores, wanted_K, atol=TOLERANCE)
        np.testing.assert_allclose(scores, scores_N[[int(i, 16) for i in ids]], atol=TOLERANCE)
        assert scores == sorted(scores, reverse=True)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_the_nearest_are_those_of_brute_force(vectors: VectorStore, data: st.DataObject) -> None:
    num, num_distinct, dim = (data.draw(st.integers(1, most)) for most in (60, 60, 9))
    num_queries, k, seed = (data.draw(st.integers(1, most)) for most in (20, 70, 999))
    vectors_ND = unit_vectors(num, dim, seed)[np.arange(num) % num_distinct]
    queries_QD = unit_vectors(num_queries, dim, seed + 1)
    found = vectors.search(filled(vectors, vectors_ND), queries_QD, k)
    assert_nearest(found, queries_QD, vectors_ND, k)


def test_the_nearest_of_an_image_among_all_is_itself(vectors: VectorStore) -> None:
    vectors_ND = unit_vectors(200, 16)
    found = vectors.search(filled(vectors, vectors_ND), vectors_ND, 3)
    assert [ids[0] for ids in found.ids] == [identity(i) for i in range(200)]
    assert all(abs(scores[0] - 1) < TOLERANCE for scores in found.scores)


def test_a_corpus_of_equal_vectors_gives_k_different_ids(vectors: VectorStore) -> None:
    vectors_ND = np.repeat(unit_vectors(1, 4), 50, axis=0)
    found = vectors.search(filled(vectors, vectors_ND), vectors_ND[:2], 10)
    assert_nearest(found, vectors_ND[:2], vectors_ND, 10)


def test_neighbours_that_come_last_and_negative_scores_are_found(vectors: VectorStore) -> None:
    query_D = unit_vectors(1, 3)
    vectors_ND = np.concatenate([np.repeat(-query_D, 40, axis=0), query_D])
    found = vectors.search(filled(vectors, vectors_ND), query_D, 2)
    assert found.ids[0][0] == identity(40)
    assert found.scores[0] == pytest.approx([1, -1], abs=TOLERANCE)


def test_float16_rounding_does_not_spoil_a_unit_vector(vectors: VectorStore) -> None:
    vectors_ND = unit_vectors(500, 384).astype(np.float16).astype(np.float32)
    assert vectors.count(filled(vectors, vectors_ND)) == 500


def test_an_id_that_exists_is_overwritten(vectors: VectorStore) -> None:
    vectors_ND, others_ND = unit_vectors(20, 4), unit_vectors(20, 4, seed=1)
    name = filled(vectors, vectors_ND)
    vectors.upsert(name, [identity(i) for i in range(5, 15)], others_ND[5:15])
    wanted_ND = np.concatenate([vectors_ND[:5], others_ND[5:15], vectors_ND[15:]])
    assert vectors.count(name) == 20
    np.testing.assert_allclose(
        vectors.fetch(name, [identity(i) for i in range(20)]), wanted_ND, atol=TOLERANCE
    )
    assert_nearest(vectors.search(name, others_ND, 6), others_ND, wanted_ND, 6)


def test_an_id_that_comes_twice_keeps_its_last_vector(vectors: VectorStore) -> None:
    vectors_ND = unit_vectors(2, 4)
    vectors.create("twice", 4)
    vectors.upsert("twice", [identity(1)] * 2, vectors_ND)
    assert vectors.count("twice") == 1
    np.testing.assert_allclose(
        vectors.fetch("twice", [identity(1)]), vectors_ND[1:], atol=TOLERANCE
    )


def test_fetch_keeps_the_order_asked_for_and_may_repeat(vectors: VectorStore) -> None:
    vectors_ND = unit_vectors(30, 5)
    name, order = filled(vectors, vectors_ND), [29, 0, 7, 7, 15]
    fetched_ND = vectors.fetch(name, [identity(i) for i in order])
    np.testing.assert_allclose(fetched_ND, vectors_ND[order], atol=TOLERANCE)
    assert fetched_ND.dtype == np.float32
    assert vectors.fetch(name, []).shape == (0, 5)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.booleans(), st.lists(st.integers(0, 25), max_size=12)), max_size=12))
def test_any_sequence_of_writes_leaves_what_a_dict_would_hold(
    vectors: VectorStore, calls: list[tuple[bool, list[int]]]
) -> None:
    name, model = f"c{uuid4().hex}", dict[str, NDArray[np.float32]]()
    vectors.create(name, 3)
    for step, (writes, numbers) in enumerate(calls):
        ids = [identity(number) for number in numbers]
        if writes:
            new_ND = unit_vectors(len(ids), 3, seed=step)
            vectors.upsert(name, ids, new_ND)
            model.update(zip(ids, new_ND, strict=True))
        else:
            vectors.delete(name, ids)
            model = {key: value for key, value in model.items() if key not in ids}
    assert vectors.count(name) == len(model)
    query_QD = unit_vectors(1, 3, seed=99)
    found = vectors.search(name, query_QD, 50)
    assert sorted(found.ids[0]) == sorted(model)
    if model:
        stored_ND = vectors.fetch(name, list(model))
        np.testing.assert_allclose(stored_ND, np.stack(list(model.values())), atol=TOLERANCE)


def test_an_empty_collection_answers_with_nothing(vectors: VectorStore) -> None:
    vectors.create("empty", 4)
    found = vectors.search("empty", unit_vectors(3, 4), 5)
    assert (found.ids, found.scores) == ([[], [], []], [[], [], []])
    assert vectors.count("empty") == 0


def test_no_queries_give_no_answers(vectors: VectorStore) -> None:
    name = filled(vectors, unit_vectors(3, 4))
    for queries_QD in (np.zeros((0, 4), np.float32), np.zeros((0, 0), np.float32)):
        assert vectors.search(name, queries_QD, 5) == Neighbours(ids=[], scores=[])
        vectors.upsert(name, [], queries_QD)


def test_a_missing_collection_or_id_raises_key_error(vectors: VectorStore) -> None:
    assert vectors.count("missing") == 0
    vectors.drop("missing")
    for call in (
        lambda: vectors.search("missing", unit_vectors(1, 4), 1),
        lambda: vectors.upsert("missing", [identity(0)], unit_vectors(1, 4)),
        lambda: vectors.fetch("missing", []),
        lambda: vectors.delete("missing", []),
    ):
        with pytest.raises(KeyError, match="missing"):
            call()
    name = filled(vectors, unit_vectors(3, 4))
    with pytest.raises(KeyError, match=identity(3)):
        vectors.fetch(name, [identity(2), identity(3)])
    vectors.delete(name, [identity(3)])


def test_a_dropped_collection_is_gone_and_can_be_made_anew(vectors: VectorStore) -> None:
    name = filled(vectors, unit_vectors(3, 4))
    vectors.drop(name)
    assert vectors.count(name) == 0
    vectors.create(name, 9)
    assert vectors.count(name) == 0


def test_creating_again_keeps_what_is_there_and_another_size_is_refused(
    vectors: VectorStore,
) -> None:
    name = filled(vectors, unit_vectors(3, 4))
    vectors.create(name, 4)
    assert vectors.count(name) == 3
    with pytest.raises(ValueError, match="size 5"):
        vectors.create(name, 5)


@pytest.mark.parametrize("shape", [(2, 3), (2, 5), (4,)])
def test_vectors_of_another_size_are_refused(vectors: VectorStore, shape: tuple[int, ...]) -> None:
    name, wrong = filled(vectors, unit_vectors(3, 4)), np.ones(shape, np.float32)
    with pytest.raises(ValueError, match="wanted"):
        vectors.upsert(name, [identity(0)] * shape[0], wrong)
    with pytest.raises(ValueError, match="wanted"):
        vectors.search(name, wrong, 1)
    assert vectors.count(name) == 3


@pytest.mark.parametrize("fault", [np.nan, np.inf, -np.inf, 0.0, 1.01, 0.99])
def test_what_is_not_a_unit_vector_is_refused(vectors: VectorStore, fault: float) -> None:
    name, wrong_ND = filled(vectors, unit_vectors(3, 4)), unit_vectors(5, 4)
    wrong_ND[2] = (
        wrong_ND[2] * np.float32(fault) if np.isfinite(fault) else np.array([fault, 0, 0, 0])
    )
    with pytest.raises(ValueError, match="row 2"):
        vectors.upsert(name, [identity(i) for i in range(5)], wrong_ND)
    with pytest.raises(ValueError, match="row 2"):
        vectors.search(name, wrong_ND, 1)
    assert vectors.count(name) == 3


@pytest.mark.parametrize("wrong", ["", "1", "g" * 32, "A" * 32, "0" * 33])
def test_an_id_that_is_not_hexadecimal_of_32_digits_is_refused(
    vectors: VectorStore, wrong: str
) -> None:
    name = filled(vectors, unit_vectors(3, 4))
    with pytest.raises(ValueError, match="32 hexadecimal digits"):
        vectors.upsert(name, [identity(7), wrong], unit_vectors(2, 4))
    assert vectors.count(name) == 3


def test_ids_and_vectors_must_be_as_many(vectors: VectorStore) -> None:
    name = filled(vectors, unit_vectors(3, 4))
    with pytest.raises(ValueError, match="1 ids for 2 vectors"):
        vectors.upsert(name, [identity(7)], unit_vectors(2, 4))


@pytest.mark.parametrize("k", [0, -1])
def test_fewer_than_one_neighbour_is_refused(vectors: VectorStore, k: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        vectors.search(filled(vectors, unit_vectors(3, 4)), unit_vectors(1, 4), k)
