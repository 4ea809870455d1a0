"""Which edits an image gets: drawn by seed and id, all different, none that changes nothing."""

import itertools

import numpy as np
import pytest
from PIL import Image

from pairmill.editing import OPERATIONS, difference, edit_image, to_pixels
from tests.pairmill.editing.test_operations import thing

IMAGE = Image.fromarray(thing())
NAMES = [f"{n:032x}" for n in range(40)]


def test_the_same_image_seed_and_id_give_the_same_edits() -> None:
    for name in NAMES[:5]:
        one, two = (edit_image(IMAGE, name, seed=3, num=4) for _ in range(2))
        assert [(e.operation, e.value, e.instructions) for e in one] == [
            (e.operation, e.value, e.instructions) for e in two
        ]
        assert [e.picture.tobytes() for e in one] == [e.picture.tobytes() for e in two]


def test_ids_and_seeds_draw_different_operations() -> None:
    drawn = {tuple(e.value for e in edit_image(IMAGE, n, seed=0, num=3)) for n in NAMES}
    assert len(drawn) > 30
    other = [tuple(e.value for e in edit_image(IMAGE, NAMES[0], seed=s, num=3)) for s in range(5)]
    assert len(set(other)) == 5


def test_all_operations_come_up_over_many_images() -> None:
    names = (f"{n:032x}" for n in range(300))
    drawn = {e.operation for n in names for e in edit_image(IMAGE, n, seed=0, num=4)}
    assert drawn == set(OPERATIONS)


def test_an_image_has_both_values_of_one_operation_and_other_operations() -> None:
    edits = [edit_image(IMAGE, n, seed=0, num=4) for n in NAMES]
    for made in edits:
        operations = [e.operation for e in made]
        assert len(made) == 4
        assert len(set(operations)) >= 2
        assert max(map(operations.count, operations)) <= 2
    twins = [sum(a.operation == b.operation for a, b in itertools.pairwise(m)) for m in edits]
    assert sum(map(bool, twins)) > len(edits) / 2


def test_edits_of_one_image_differ_from_it_and_from_one_another() -> None:
    for name in NAMES[:10]:
        made = [to_pixels(e.picture) for e in edit_image(IMAGE, name, seed=1, num=6)]
        for one, two in itertools.combinations([to_pixels(IMAGE), *made], 2):
            assert difference(one, two) >= 4


def test_few_operations_are_asked_again_for_further_values() -> None:
    made = edit_image(IMAGE, "a", seed=0, operations=("recolour",), num=5)
    assert {e.operation for e in made} == {"recolour"}
    assert len({e.value for e in made}) == 5


def test_leaving_an_operation_out_changes_no_value_of_the_others() -> None:
    for name in NAMES[:10]:
        every = edit_image(IMAGE, name, seed=0, num=4)
        dropped = every[0].operation
        rest = [other for other in OPERATIONS if other != dropped]
        fewer = edit_image(IMAGE, name, seed=0, operations=rest, num=4)
        kept = [e for e in every if e.operation != dropped]
        said = {(e.operation, e.value): e.instructions for e in fewer}
        assert kept
        for edit in kept:
            assert said[edit.operation, edit.value] == edit.instructions


def test_an_image_that_allows_little_gets_fewer_edits() -> None:
    plain = Image.new("RGB", (40, 40), "#808080")
    for operations in (("mirror",), ("recolour", "ground"), ("blur", "zoom", "count")):
        assert edit_image(plain, "a", seed=0, operations=operations, num=4) == []


def test_large_images_are_edited_at_a_bounded_size() -> None:
    large = IMAGE.resize((1600, 1200))
    made = edit_image(large, "a", seed=0, operations=("light", "warmth"), num=2)
    assert [max(e.picture.size) for e in made] == [512, 512]


def test_at_least_three_instructions_come_with_every_edit() -> None:
    for name in NAMES[:10]:
        for edit in edit_image(IMAGE, name, seed=0, num=6):
            assert len(set(edit.instructions)) >= 3
            value = OPERATIONS[edit.operation].values[edit.value]
            assert set(edit.instructions) <= set(value.phrasings)


def test_a_name_that_is_no_operation_is_refused_with_those_that_are() -> None:
    with pytest.raises(ValueError, match=r"\['melt'\]; there are recolour"):
        edit_image(IMAGE, "a", seed=0, operations=("melt",), num=2)


def test_difference_is_the_mean_of_levels() -> None:
    one, two = np.zeros((4, 4, 3), np.uint8), np.full((4, 4, 3), 7, np.uint8)
    assert difference(one, two) == 7
    assert difference(one, np.full((8, 2, 3), 7, np.uint8)) == 7
