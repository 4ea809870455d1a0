"""Refusals and stock phrases are told, and what people ask for is not."""

import pytest

from pairmill.core.gating.phrases import boilerplate_gate, found_phrases, refusal_gate
from pairmill.core.gating.words import BOILERPLATE, REFUSALS
from services.standalone.sample.families import plan
from services.standalone.sample.instructions import TASKS, instruction
from services.standalone.sample.seeds import generator
from tests.pairmill.core.gating.pairs import described, written


def rules(text: str) -> tuple[str, ...]:
    found = (
        gate.weigh(described(), [written(text)])[0] for gate in (refusal_gate(), boilerplate_gate())
    )
    return tuple(finding.rule for finding in found if finding.rule)


@pytest.mark.parametrize(
    "text",
    ["I'm sorry, but I can't help with that.", "I’M SORRY - no", "As an AI, I have no eyes",
     "I cannot see the second picture", "no image was provided",
     "죄송합니다, 도와드릴 수 없습니다."],
)  # fmt: skip
def test_refusals_fall_whatever_their_capitals_and_marks(text: str) -> None:
    assert "refusal" in rules(text)


@pytest.mark.parametrize(
    "text",
    ["Sure, here are three instructions", "Here is the instruction: make it red",
     "Instruction 1: red", "find the target image in red", "like the second picture, but red",
     '{"json": 1}', "N/A",
     "물론입니다, 다음은 요청입니다", "두 번째 사진처럼 빨간 것"],
)  # fmt: skip
def test_talk_of_the_task_falls(text: str) -> None:
    assert "boilerplate" in rules(text)


@pytest.mark.parametrize(
    "text",
    ["can't it be blue?", "I can't find it in blue, is there one?", "with a sorry-looking dog",
     "as an aisle between shelves", "the same, but the answer is written in chalk",
     "show one sure-footed goat", "with a caption below it", "put a target on the wall",
     "with the word JSONs", "a null island sign", "with a question mark", "물을 마시는 것"],
)  # fmt: skip
def test_what_people_ask_for_passes(text: str) -> None:
    assert rules(text) == ()


def test_no_instruction_of_the_sample_is_held_to_be_stock() -> None:
    for number, entry in enumerate(plan(3, 60, held_out=False)):
        for task in TASKS:
            text = instruction(task, entry.look, generator(number, task))
            assert rules(text) == (), text


def test_the_value_names_the_phrases_and_the_measure_counts_them() -> None:
    (found,) = refusal_gate().weigh(described(), [written("I'm sorry, as an AI I cannot help")])
    assert found.measure == 3
    assert found.value == "i m sorry, i cannot help, as an ai"


@pytest.mark.parametrize("phrases", [REFUSALS, BOILERPLATE], ids=["refusals", "boilerplate"])
def test_every_phrase_finds_itself_and_stands_once(phrases: tuple[str, ...]) -> None:
    assert len(set(phrases)) == len(phrases)
    for phrase in phrases:
        assert phrase in found_phrases(phrase.lstrip("^").upper(), phrases)
