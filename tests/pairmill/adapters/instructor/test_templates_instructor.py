"""What the baseline of fixed frames says, and what it refuses."""

from pairmill.adapters.instructor.templates import TemplatesInstructor, caption_of
from pairmill.config import InstructingConfig
from pairmill.core.errors import RejectError
from pairmill.core.ids import image_id, pair_id
from pairmill.core.records import Description, Pair


def description(*only_target: str) -> Description:
    one, other = image_id(b"one"), image_id(b"other")
    pair = Pair(pair_id=pair_id(one, other), query_id=one, target_id=other, relations=(),
                negatives=(one,))  # fmt: skip
    return Description(pair=pair, shared=("subject: apple", "style: photo"), text="",
                       only_query=("colour: red",), only_target=only_target,
                       author="by hand")  # fmt: skip


def test_the_target_s_whole_caption_stands_in_three_frames() -> None:
    (texts,) = TemplatesInstructor(InstructingConfig()).instruct([description("colour: green")])
    assert texts == (
        "find a picture of apple, photo, green",
        "a picture of apple, photo, green",
        "show me apple, photo, green",
    )


def test_a_phrase_that_stands_twice_is_said_once() -> None:
    assert caption_of(description("colour: green", "detail: photo")) == "apple, photo, green"


def test_a_caption_that_does_not_fit_is_rejected_with_its_shortest_length() -> None:
    instructor = TemplatesInstructor(InstructingConfig(max_chars=20))
    (outcome,) = instructor.instruct([description("colour: a very pale kind of green")])
    assert isinstance(outcome, RejectError)
    assert outcome.rule == "too_long"
    assert outcome.value == str(len("show me apple, photo, a very pale kind of green"))
