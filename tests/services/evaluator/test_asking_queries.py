"""Queries by key become rows of features, or are refused by a named rule."""

import numpy as np
import pytest

from pairmill.core.ranking import Asked
from pairmill.core.records import BenchmarkQuery
from services.evaluator.asking import ABSENT, Pool, ask, build_pool

KEYS = {"apple": "id0", "pear": "id1", "plum": "id2", "apple copy": "id0", "outside": "id9",
        "unembedded": "id7"}  # fmt: skip


def pool() -> Pool:
    searched = (["id0", "id1", "id2"], np.eye(3, dtype=np.float32))
    others = (["id9", "id1", "id5"], np.full((3, 3), 0.5, np.float32))
    return build_pool(searched, others, ["id9", "id1", "id7"])


def query(**fields: object) -> BenchmarkQuery:
    whole = {"query_id": "q", "query_image": "apple", "instruction": "but a pear",
             "targets": ("pear",)} | fields  # fmt: skip
    return BenchmarkQuery(**whole)  # type: ignore[arg-type]


def find(key: str) -> str:
    return KEYS.get(key, "")


def test_the_pool_holds_the_gallery_first_and_then_the_query_images_outside_it() -> None:
    found = pool()
    assert found.ids == ("id0", "id1", "id2", "id9")
    assert found.num_searched == 3
    assert found.features_PF[3].tolist() == [0.5, 0.5, 0.5]


def test_the_query_image_and_the_excluded_are_removed() -> None:
    (question,) = ask([query(exclude=("plum", "never seen"))], find, pool()).asked
    assert (question.image, question.text) == (0, 0)
    assert question.asked == Asked(targets=(1,), removed=(0, 2))


def test_a_query_image_outside_the_gallery_removes_nothing() -> None:
    (question,) = ask([query(query_image="outside")], find, pool()).asked
    assert question.image == 3
    assert question.asked.removed == ()


def test_equal_instructions_are_encoded_once() -> None:
    asks = ask([query(), query(query_id="r"), query(query_id="s", instruction="")], find, pool())
    assert asks.texts == ("but a pear",)
    assert [question.text for question in asks.asked] == [0, 0, ABSENT]


def test_a_byte_copy_of_the_query_image_is_no_target() -> None:
    (question,) = ask([query(targets=("apple copy", "pear"))], find, pool()).asked
    assert question.asked.targets == (1,)


def test_own_candidates_are_kept_in_order_and_once() -> None:
    (question,) = ask([query(gallery=("plum", "pear", "apple", "apple copy"))], find, pool()).asked
    assert question.asked.gallery == (2, 1, 0)


@pytest.mark.parametrize(
    ("fields", "rule", "value"),
    [
        ({"query_image": "cherry"}, "unknown_image", "cherry"),
        ({"query_image": "unembedded"}, "unknown_image", "unembedded"),
        ({"targets": ("pear", "cherry")}, "unknown_target", "cherry"),
        ({"targets": ("outside",)}, "unknown_target", "outside"),
        ({"targets": ("apple copy",)}, "target_is_query", "apple copy"),
        ({"exclude": ("pear",)}, "target_excluded", "pear"),
        ({"gallery": ("pear", "cherry")}, "unknown_candidate", "cherry"),
        ({"gallery": ("apple", "plum")}, "target_not_in_gallery", "pear"),
    ],
)
def test_a_query_that_cannot_be_asked_is_refused_by_rule_and_value(
    fields: dict[str, object], rule: str, value: str
) -> None:
    asks = ask([query(**fields), query(query_id="fine")], find, pool())
    (refused,) = asks.refused
    assert (refused.query.query_id, refused.rule, refused.value) == ("q", rule, value)
    assert [question.query_id for question in asks.asked] == ["fine"]
