"""Rules and a language model for the same pairs: who is heard where one of them is silent."""

from collections.abc import Generator, Iterable, Sequence

import pytest

from pairmill.adapters.instructor.both import BothInstructor
from pairmill.core.errors import RejectError
from pairmill.core.records import Description
from pairmill.core.synthesis import TEXT_TO_IMAGE, RawAnswer, Written, as_written
from tests.pairmill.adapters.instructor.conftest import GOOD

Outcome = tuple[Written, ...] | RejectError
SILENT = RejectError("nothing_to_name", "nothing")
FAULTY = RejectError("bad_answer", "no JSON")
RULED = as_written(["in green"])
ASKED = (Written(text="in green", kind="phrase", language="en"),
         Written(text="make it green", kind="command", language="en"),
         Written(text="in green", kind="phrase", language="en", task=TEXT_TO_IMAGE))  # fmt: skip


class Says:
    """An instructor that gives one outcome for everything, last description first."""

    author = "says/1"

    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome

    def instruct(self, descriptions: Sequence[Description]) -> list[tuple[str, ...] | RejectError]:
        raise NotImplementedError

    def each(self, descriptions: Iterable[Description]) -> Generator[tuple[Description, Outcome]]:
        for description in reversed(list(descriptions)):
            yield description, self._outcome

    def take_raw(self) -> tuple[RawAnswer, ...]:
        return ()


@pytest.mark.parametrize(
    ("ruled", "asked", "wanted"),
    [
        (RULED, ASKED, (*RULED, *ASKED[1:])),
        (SILENT, ASKED, ASKED),
        (RULED, FAULTY, RULED),
        (SILENT, FAULTY, FAULTY),
    ],
)
def test_a_pair_has_what_either_wrote_and_the_same_instruction_once(
    ruled: Outcome, asked: Outcome, wanted: Outcome
) -> None:
    both = BothInstructor(Says(ruled), Says(asked))
    assert dict_of(both.each(GOOD)) == {one.pair.pair_id: wanted for one in GOOD}


def test_outcomes_are_in_the_order_that_was_asked_and_of_instructions_alone() -> None:
    both = BothInstructor(Says(RULED), Says(ASKED))
    assert both.instruct(GOOD) == [("in green", "make it green")] * len(GOOD)
    assert both.author == "says/1 and says/1"


def dict_of(found: Iterable[tuple[Description, Outcome]]) -> dict[str, Outcome]:
    return {description.pair.pair_id: outcome for description, outcome in found}
