"""Batches depend on seed, step and ids, and on nothing else."""

import numpy as np
import pytest

from pairmill.core.records import Triplet
from pairmill.models.batches import Batches, Order
from pairmill.models.examples import ABSENT, Triplets, caption_rows, triplet_rows

IMAGES = {f"i{n}": n for n in range(40)}
TEXTS = {f"t{n}": n for n in range(60)}


def triplet(number: int, num_negatives: int = 4) -> Triplet:
    others = [f"i{(number + 5 + k) % 40}" for k in range(num_negatives)]
    return Triplet(
        pair_id=f"p{number:03d}",
        query_id=f"i{number}",
        target_id=f"i{number + 1}",
        relations=("caption",),
        instructions=tuple(f"t{number + k}" for k in range(3 + number % 2)),
        negatives=(f"i{number}", *others),
        author="rules/1",
    )


def rows_of(triplets: list[Triplet]) -> Triplets:
    return triplet_rows(triplets, IMAGES, TEXTS)


def batches(triplets: Triplets, seed: int = 0) -> Batches:
    return Batches(triplets, caption_rows({"i1": ["t1"], "i2": ["t2"]}, IMAGES, TEXTS), seed)


def test_no_order_of_shards_shows_in_the_batches() -> None:
    found = [triplet(n) for n in range(30)]
    forward, backward = batches(rows_of(found)), batches(rows_of(found[::-1]))
    for step in (0, 3, 11):
        one, two = forward.triplets(step, 8, 2), backward.triplets(step, 8, 2)
        for name in ("queries_B", "targets_B", "negatives_BK", "texts_B"):
            assert np.array_equal(getattr(one, name), getattr(two, name))


def test_a_step_draws_the_same_whether_or_not_others_came_before() -> None:
    found = rows_of([triplet(n) for n in range(30)])
    used, fresh = batches(found), batches(found)
    for step in range(9):
        used.triplets(step, 8, 3)
    one, two = used.triplets(9, 8, 3), fresh.triplets(9, 8, 3)
    assert np.array_equal(one.texts_B, two.texts_B)
    assert np.array_equal(one.negatives_BK, two.negatives_BK)


def test_the_query_image_is_always_the_first_negative_of_a_batch() -> None:
    source = batches(rows_of([triplet(n) for n in range(30)]))
    for step in range(10):
        for num in (1, 2, 5):
            batch = source.triplets(step, 8, num)
            assert np.array_equal(batch.negatives_BK[:, 0], batch.queries_B)
            assert batch.negatives_BK.shape == (8, num)


def test_negatives_do_not_repeat_and_absent_ones_come_last() -> None:
    source = batches(rows_of([triplet(n, num_negatives=n % 4) for n in range(12)]))
    batch = source.triplets(0, 12, 4)
    for row in batch.negatives_BK:
        present = [value for value in row if value != ABSENT]
        assert len(set(present)) == len(present)
        assert list(row[: len(present)]) == present


def test_every_epoch_shows_every_triplet_once_in_another_order() -> None:
    order = Order([f"p{n}" for n in range(20)], 0, "triplets")
    first = np.concatenate([order.rows(step, 5) for step in range(4)])
    second = np.concatenate([order.rows(step, 5) for step in range(4, 8)])
    assert sorted(first) == sorted(second) == list(range(20))
    assert list(first) != list(second)
    assert len(order.rows(0, 100)) == 20


def test_every_instruction_of_a_triplet_is_drawn_in_time_and_no_other() -> None:
    found = rows_of([triplet(0), triplet(1)])
    source = batches(found)
    drawn: dict[int, set[int]] = {0: set(), 1: set()}
    for step in range(200):
        batch = source.triplets(step, 2, 1)
        for query, text in zip(batch.queries_B, batch.texts_B, strict=True):
            drawn[int(query)].add(int(text))
    assert drawn == {0: {0, 1, 2}, 1: {1, 2, 3, 4}}


def test_another_seed_draws_another_order() -> None:
    found = rows_of([triplet(n) for n in range(30)])
    one, two = batches(found, seed=0), batches(found, seed=1)
    assert not np.array_equal(one.triplets(0, 8, 2).queries_B, two.triplets(0, 8, 2).queries_B)


def test_without_captions_there_is_no_batch_of_them() -> None:
    found = rows_of([triplet(n) for n in range(3)])
    assert Batches(found, caption_rows({}, IMAGES, TEXTS), 0).captions(0, 4) is None
    batch = batches(found).captions(0, 4)
    assert batch is not None
    assert sorted(batch.images_B) == [1, 2]


def test_a_triplet_whose_first_negative_is_not_its_query_is_refused() -> None:
    wrong = triplet(0)
    object.__setattr__(wrong, "negatives", wrong.negatives[1:])
    with pytest.raises(ValueError, match="first negative"):
        rows_of([wrong])
