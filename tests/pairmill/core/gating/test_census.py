"""What kept texts are like, counted by hand."""

import json

from pairmill.core.gating.census import Census, count_texts
from pairmill.core.synthesis import IMAGE_TO_TEXT, PHRASE
from tests.pairmill.core.gating.pairs import written

TEXTS = [
    written("make it red"), written("make it dark blue"), written("in red", kind=PHRASE),
    written("describe this", task=IMAGE_TO_TEXT, answer="a red car"),
]  # fmt: skip


def test_lengths_kinds_and_words_are_those_of_a_hand_count() -> None:
    plain = count_texts(TEXTS).to_plain()
    assert plain["texts"] == 4
    assert plain["words"] == {"2": 1, "3": 2, "4": 1}
    assert (plain["words_mean"], plain["words_median"]) == (3.0, 3.0)
    assert plain["kinds"] == {"command": 3, "phrase": 1}
    assert plain["tasks"] == {"image+text→image": 3, "image→text": 1}
    assert plain["vocabulary"] == 8  # our own request is no model's word
    assert plain["vocabulary_per_thousand_words"] == round(8000 / 12, 3)
    assert list(plain["most_used"].items())[:3] == [("red", 3), ("it", 2), ("make", 2)]
    assert plain["first_words"] == {"make": 2, "a": 1, "in": 1}


def test_parts_add_up_in_any_order_and_nothing_is_an_empty_census() -> None:
    one, other = count_texts(TEXTS[:2]), count_texts(TEXTS[2:])
    assert one.plus(other) == other.plus(one) == count_texts(TEXTS)
    assert one.plus(Census()) == one
    empty = json.loads(json.dumps(Census().to_plain()))
    assert (empty["texts"], empty["words_mean"], empty["vocabulary_per_thousand_words"]) == (
        0,
        0,
        0,
    )
