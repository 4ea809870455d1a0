"""Every instructor that the suite judges: a new adapter adds one line to INSTRUCTORS."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from pairmill.adapters.instructor.both import BothInstructor
from pairmill.adapters.instructor.llm import ChatInstructor
from pairmill.adapters.instructor.rules import RulesInstructor
from pairmill.adapters.instructor.templates import TemplatesInstructor
from pairmill.config import InstructingConfig
from pairmill.core.ids import image_id, pair_id
from pairmill.core.records import Description, Pair
from pairmill.ports.instructor import Instructor
from tests.pairmill.adapters.chat.writing_model import asker_of


def description_of(only_query: str, only_target: str) -> Description:
    """Return a description of two images that differ in one phrase; "" is none."""
    one, other = image_id(only_query.encode()), image_id(b"t" + only_target.encode())
    pair = Pair(pair_id=pair_id(one, other), query_id=one, target_id=other,
                relations=(), negatives=(one,))  # fmt: skip
    return Description(
        pair=pair,
        shared=("subject: apple", "style: photo"),
        only_query=(only_query,),
        only_target=(only_target,) if only_target else (),
        text=f"Both show an apple. Only the first: {only_query}. Only the second: {only_target}.",
        author="by hand",
    )


@dataclass(frozen=True, kw_only=True)
class Case:
    """An instructor's maker, what it instructs, and one that it must reject by rule.

    most: texts that it can write for one description.
    """

    make: Callable[[int], Instructor]
    good: tuple[Description, ...]
    bad: Description
    rule: str
    most: int = 20


GOOD = (
    description_of("colour: red", "colour: green"),
    description_of("a bowl", "a basket of straw"),  # phrases as a model may write them
    description_of("count: one", "count: three"),
)

INSTRUCTORS = {
    "rules": Case(
        make=lambda per_pair: RulesInstructor(InstructingConfig(per_pair=per_pair), 0),
        good=GOOD,
        bad=description_of("colour: red", ""),
        rule="nothing_to_name",
    ),
    "templates": Case(
        make=lambda per_pair: TemplatesInstructor(InstructingConfig(per_pair=per_pair)),
        good=GOOD,
        bad=description_of("colour: red", ""),
        rule="nothing_to_name",
        most=3,
    ),
    "llm": Case(
        make=lambda per_pair: ChatInstructor(
            asker_of()[0], InstructingConfig(per_pair=per_pair), 0
        ),
        good=GOOD,
        bad=description_of("colour: red", ""),
        rule="nothing_to_name",
    ),
    "both": Case(
        make=lambda per_pair: BothInstructor(
            RulesInstructor(InstructingConfig(per_pair=per_pair), 0),
            ChatInstructor(asker_of()[0], InstructingConfig(per_pair=per_pair), 0),
        ),
        good=GOOD,
        bad=description_of("colour: red", ""),
        rule="nothing_to_name",
        most=40,
    ),
}


@pytest.fixture(params=INSTRUCTORS)
def case(request: pytest.FixtureRequest) -> Case:
    """One instructor with what it is to be tried on."""
    return INSTRUCTORS[request.param]
