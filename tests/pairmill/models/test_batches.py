"""Batches depend on seed, step and ids, and on nothing else."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pairmill.config import TrainingConfig
from pairmill.core.errors import ConfigError
from pairmill.core.records import Triplet
from pairmill.models.batches import Batches
from pairmill.models.examples import (
    ABSENT,
    Features,
    TrainingData,
    Triplets,
    caption_rows,
    some_of,
    triplet_rows,
)
from pairmill.models.orders import Order

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


NOTHING = Features(images_NF=np.zeros((0, 0), np.float32), texts_MT=np.zeros((0, 0), np.float32))
CAPTIONS = {"i1": ["t1"], "i2": ["t2"]}


def batches(
    triplets: Triplets, *, edits: Triplets | None = None, seed: int = 0,
    captions: dict[str, list[str]] = CAPTIONS, **config: object,
) -> Batches:  # fmt: skip
    data = TrainingData(
        features=NOTHING, train=triplets, validation=rows_of([]), gallery=np.zeros(0, np.int64),
        captions=caption_rows(captions, IMAGES, TEXTS), edits=edits or rows_of([]),
        validation_captions=caption_rows({}, IMAGES, TEXTS), pool=np.arange(20, 30),
    )  # fmt: skip
    return Batches(data, TrainingConfig.model_validate({"batch": 8, **config}), seed)


def test_no_order_of_shards_shows_in_the_batches() -> None:
    found = [triplet(n) for n in range(30)]
    forward, backward = batches(rows_of(found)), batches(rows_of(found[::-1]))
    for step in (0, 3, 11):
        one, two = forward.triplets(step), backward.triplets(step)
        for name in ("queries_B", "targets_B", "negatives_BK", "texts_B"):
            assert np.array_equal(getattr(one, name), getattr(two, name))


def test_a_step_draws_the_same_whether_or_not_others_came_before() -> None:
    found = rows_of([triplet(n) for n in range(30)])
    used, fresh = (batches(found, num_negatives=3) for _ in range(2))
    for step in range(9):
        used.triplets(step)
    one, two = used.triplets(9), fresh.triplets(9)
    assert np.array_equal(one.texts_B, two.texts_B)
    assert np.array_equal(one.negatives_BK, two.negatives_BK)


def test_the_query_image_is_always_the_first_negative_of_a_batch() -> None:
    found = rows_of([triplet(n) for n in range(30)])
    for num in (1, 2, 5):
        for step in range(10):
            batch = batches(found, num_negatives=num).triplets(step)
            assert batch.firm_BK[:, 0].all()
            assert not batch.firm_BK[:, 1:].any()
            assert np.array_equal(batch.negatives_BK[:, 0], batch.queries_B)
            assert batch.negatives_BK.shape == (8, num)


def test_negatives_do_not_repeat_and_absent_ones_come_last() -> None:
    found = rows_of([triplet(n, num_negatives=n % 4) for n in range(12)])
    batch = batches(found, batch=12, num_negatives=4).triplets(0)
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


def test_rows_of_one_kind_follow_one_another_and_each_comes_once() -> None:
    ids = [f"p{n:02d}" for n in range(40)]
    kinds = ["nearer" if n % 4 else "darker" for n in range(40)]  # 30 and 10
    order = Order(ids, 0, "edits", kinds=kinds, run=5)
    rows = order.rows(0, 40)
    assert sorted(rows) == list(range(40))
    runs = [{kinds[row] for row in rows[start : start + 5]} for start in range(0, 40, 5)]
    assert all(len(run) == 1 for run in runs)
    assert 1 < sum(run != runs[0] for run in runs) < 8
    assert list(order.rows(1, 40)) != list(rows)


def test_a_kind_of_few_rows_gives_a_shorter_run() -> None:
    kinds = ["a", "b", "b", "b", "c"]
    rows = Order([str(n) for n in range(5)], 3, "edits", kinds=kinds, run=2).rows(0, 5)
    assert sorted(rows) == list(range(5))
    told = "".join(kinds[row] for row in rows)
    assert "bb" in told


def test_every_instruction_of_a_triplet_is_drawn_in_time_and_no_other() -> None:
    found = rows_of([triplet(0), triplet(1)])
    source = batches(found, batch=2, num_negatives=1)
    drawn: dict[int, set[int]] = {0: set(), 1: set()}
    for step in range(200):
        batch = source.triplets(step)
        for query, text in zip(batch.queries_B, batch.texts_B, strict=True):
            drawn[int(query)].add(int(text))
    assert drawn == {0: {0, 1, 2}, 1: {1, 2, 3, 4}}


def test_another_seed_draws_another_order() -> None:
    found = rows_of([triplet(n) for n in range(30)])
    one, two = batches(found, seed=0), batches(found, seed=1)
    assert not np.array_equal(one.triplets(0).queries_B, two.triplets(0).queries_B)


def test_without_captions_there_is_no_batch_of_them() -> None:
    found = rows_of([triplet(n) for n in range(3)])
    assert batches(found, captions={}).captions(0) is None
    batch = batches(found).captions(0)
    assert batch is not None
    assert sorted(batch.images_B) == [1, 2]


def test_a_triplet_whose_first_negative_is_not_its_query_is_refused() -> None:
    wrong = triplet(0)
    object.__setattr__(wrong, "negatives", wrong.negatives[1:])
    with pytest.raises(ValueError, match="first negative"):
        rows_of([wrong])


EDITS = [triplet(n) for n in range(50, 62)]
for _number, _edit in enumerate(EDITS):
    object.__setattr__(_edit, "query_id", f"i{_number}")
    object.__setattr__(_edit, "target_id", f"i{_number + 12}")
    object.__setattr__(_edit, "negatives", (f"i{_number}", f"i{_number + 1}"))
    object.__setattr__(_edit, "instructions", ("t59",))


@pytest.mark.parametrize(("share", "num"), [(0.0, 0), (0.25, 2), (0.5, 4), (1.0, 8)])
def test_edits_have_their_share_of_every_batch_and_stand_last(share: float, num: int) -> None:
    mined = rows_of([triplet(n) for n in range(30)])
    source = batches(mined, edits=rows_of(EDITS), edit_share=share)
    for step in range(5):
        batch = source.triplets(step)
        assert len(batch.queries_B) == 8
        assert int((batch.texts_B == 59).sum()) == num
        assert (batch.texts_B[8 - num :] == 59).all()
        assert batch.firm_BK[8 - num :].all()


def test_one_source_alone_fills_the_batch() -> None:
    mined, edits = rows_of([triplet(n) for n in range(30)]), rows_of(EDITS)
    assert len(batches(mined, edit_share=0.5).triplets(0).queries_B) == 8
    assert (batches(rows_of([]), edits=edits, edit_share=0.0).triplets(0).texts_B == 59).all()


def test_the_mined_part_of_a_batch_does_not_depend_on_the_edits_that_there_are() -> None:
    mined = rows_of([triplet(n) for n in range(30)])
    one = batches(mined, edits=rows_of(EDITS), edit_share=0.5).triplets(3)
    two = batches(mined, edits=rows_of(EDITS[:6]), edit_share=0.5).triplets(3)
    assert np.array_equal(one.negatives_BK[:4], two.negatives_BK[:4])


def test_without_mined_negatives_the_query_image_alone_is_left() -> None:
    found = rows_of([triplet(n) for n in range(30)])
    batch = batches(found, num_negatives=3, negatives="none").triplets(0)
    assert np.array_equal(batch.negatives_BK[:, 0], batch.queries_B)
    assert (batch.negatives_BK[:, 1:] == ABSENT).all()


def test_random_negatives_come_from_the_pool_and_are_never_the_query() -> None:
    found = rows_of([triplet(n) for n in range(30)])
    source = batches(found, num_negatives=5, negatives="random")
    drawn = np.concatenate([source.triplets(step).negatives_BK[:, 1:] for step in range(30)])
    assert set(drawn.reshape(-1).tolist()) <= {ABSENT, *range(20, 30)}
    for step in range(30):
        batch = source.triplets(step)
        assert not (batch.negatives_BK[:, 1:] == batch.queries_B[:, None]).any()
    plain = batches(found, num_negatives=5)
    assert np.array_equal(plain.triplets(7).queries_B, source.triplets(7).queries_B)
    with pytest.raises(ConfigError, match="random"):
        Batches(replace(source._data, pool=np.zeros(0, np.int64)), source._config, 0)


def test_without_the_query_negative_the_other_negatives_stay() -> None:
    found = rows_of([triplet(n) for n in range(30)])
    with_query = batches(found, num_negatives=3).triplets(2)
    without = batches(found, num_negatives=3, query_negative=False).triplets(2)
    assert np.array_equal(without.negatives_BK, with_query.negatives_BK[:, 1:])
    alone = batches(found, num_negatives=1, query_negative=False).triplets(2)
    assert alone.negatives_BK.shape == (8, 0)


def test_ids_decide_which_triplets_are_taken_and_fewer_are_among_more() -> None:
    found = [triplet(n) for n in range(30)]
    few, more = some_of(rows_of(found), 5, 0), some_of(rows_of(found[::-1]), 12, 0)
    assert set(few.ids) < set(more.ids)
    assert (len(few), len(more)) == (5, 12)
    assert list(few.ids) == sorted(few.ids)
    assert set(some_of(rows_of(found), 5, 1).ids) != set(few.ids)
    assert some_of(rows_of(found), 0, 0).ids == rows_of(found).ids
    for row, pair_id in enumerate(few.ids):
        assert few.queries_P[row] == int(pair_id[1:])


def test_weights_and_doubts_follow_what_is_drawn() -> None:
    plain = [triplet(n) for n in range(30)]
    said = [
        replace(each, weights=tuple(1 / (1 + int(text[1:])) for text in each.instructions),
                scores=(0.0, *(int(image[1:]) / 40 for image in each.negatives[1:])))
        for each in plain
    ]  # fmt: skip
    edits = rows_of([replace(triplet(5), pair_id="edit")])
    kinds: dict[str, Any] = {"num_negatives": 7, "edit_share": 0.25}
    silent = batches(rows_of(plain), edits=edits, **kinds).triplets(3)
    assert silent.weights_B is None
    assert silent.doubts_BK is None
    drawn = batches(rows_of(said), edits=edits, **kinds).triplets(3)
    for name in ("queries_B", "targets_B", "negatives_BK", "texts_B"):
        assert np.array_equal(getattr(drawn, name), getattr(silent, name))
    assert drawn.weights_B is not None
    assert drawn.doubts_BK is not None
    mined = slice(0, -1)  # the edit stands last, and says nothing
    assert drawn.weights_B[mined] == pytest.approx(1 / (1 + drawn.texts_B[mined]))
    assert drawn.weights_B[-1] == 1
    want = np.where(drawn.negatives_BK == ABSENT, 0, drawn.negatives_BK / 40)
    want[:, 0] = want[-1] = 0
    assert drawn.doubts_BK == pytest.approx(want)
    other = batches(rows_of(said), negatives="random").triplets(3)
    assert other.doubts_BK is None
