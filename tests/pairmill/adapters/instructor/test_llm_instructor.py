"""What only the instructor with a model must do: tasks, languages, what is missing, mixing."""

import json
from pathlib import Path
from typing import Any

import pytest

from pairmill.adapters.chat.asking import Asker
from pairmill.adapters.describer.llm import ChatDescriber
from pairmill.adapters.instructor.llm import ChatInstructor
from pairmill.adapters.objects.folder import FolderObjects
from pairmill.config import DescribingConfig, InstructingConfig
from pairmill.core.describing import describe_pair
from pairmill.core.errors import RejectError
from pairmill.core.ids import image_id, pair_id
from pairmill.core.portraits import portray
from pairmill.core.prompting import instruct as prompting
from pairmill.core.records import Caption, Description, ImageRecord, Pair
from pairmill.core.synthesis import COMPOSED, IMAGE_TO_TEXT, LANGUAGES, TASKS, Written
from pairmill.ports.chat import Ask
from pairmill.ports.describer import PairView
from tests.pairmill.adapters.chat.scripted_chat import ScriptedChat
from tests.pairmill.adapters.chat.writing_model import asker_of, pictures, reply, texts_of


def images(query: str, target: str) -> tuple[Pair, ImageRecord, ImageRecord]:
    one, other = (
        ImageRecord(image_id=image_id(text.encode()), keys=(text,),
                    captions=(Caption(kind="table", text=text),))
        for text in (query, target)
    )  # fmt: skip
    pair = Pair(pair_id=pair_id(one.image_id, other.image_id), query_id=one.image_id,
                target_id=other.image_id, relations=(), negatives=(one.image_id,))  # fmt: skip
    return pair, one, other


def by_rules(query: str, target: str) -> Description:
    pair, one, other = images(query, target)
    return describe_pair(pair, portray(one), portray(other), max_differences=3, author="rules/1")


APPLES = by_rules("a red apple, photo", "a green apple, photo")
CARS = by_rules("a car, watercolour", "a car, pencil sketch")


def instructor(asker: Asker, **config: Any) -> ChatInstructor:
    return ChatInstructor(asker, InstructingConfig(**config), 0)


def all_written(asker: Asker, *descriptions: Description, **config: Any) -> list[Any]:
    return [outcome for _, outcome in instructor(asker, **config).each(descriptions)]


def test_the_model_can_write_from_what_the_rules_described() -> None:
    asker, chat = asker_of()
    texts, others = instructor(asker).instruct([APPLES, CARS])
    assert texts == ("command green number 0", "phrase green number 0", "question green number 0?")
    assert not isinstance(others, RejectError)
    assert all("pencil sketch" in text for text in others)
    assert "Only the first: subject: red" in texts_of(chat.asked[0])


def test_the_model_can_write_from_what_a_model_described() -> None:
    asker, _ = asker_of()
    pair, one, other = images("a red apple", "a green apple")
    view = PairView(pair=pair, query=one, target=other)
    (description,) = ChatDescriber(asker, pictures, DescribingConfig(captions=True), 0).describe(
        [view]
    )
    assert isinstance(description, Description)
    (texts,) = instructor(asker).instruct([description])
    assert not isinstance(texts, RejectError)
    assert all("green" in text for text in texts)
    assert [usage.stage for usage in asker.usage()] == ["describe", "instruct"]


def test_all_tasks_and_languages_come_of_three_questions_each() -> None:
    asker, chat = asker_of()
    (found,) = all_written(asker, APPLES, tasks=TASKS, languages=LANGUAGES)
    assert len(chat.asked) == 6
    numbers = {task: sum(one.task == task for one in found) for task in TASKS}
    assert numbers == dict(zip(TASKS, (6, 4, 4, 4, 6), strict=True))
    assert {one.language for one in found} == {"en", "ko"}
    assert all(one.answer for one in found if one.task == IMAGE_TO_TEXT)
    texts = instructor(asker, tasks=TASKS, languages=LANGUAGES).instruct([APPLES])[0]
    assert texts == tuple(one.text for one in found if one.task == COMPOSED)
    assert not any("한국어" in texts_of(ask) for ask in chat.asked[:3])
    assert all("한국어" in texts_of(ask) for ask in chat.asked[3:6])


def test_a_further_task_that_fails_takes_nothing_else_with_it() -> None:
    def moody(ask: Ask) -> str:
        assert ask.schema is not None
        return "no" if "sentence" in ask.schema["properties"] else reply(ask)

    asker = Asker(ScriptedChat(moody), None)
    (found,) = all_written(asker, APPLES, tasks=TASKS)
    assert {one.task for one in found} == {COMPOSED, "image→image"}
    assert asker.usage()[0].rejected == 1
    assert sum(raw.fault == "not_json" for raw in asker.take_raw()) == 3


@pytest.mark.parametrize(("failing", "left"), [("en", "ko"), ("ko", "en")])
def test_a_language_that_fails_takes_nothing_else_with_it(failing: str, left: str) -> None:
    def moody(ask: Ask) -> str:
        is_korean = "한국어" in texts_of(ask)
        return "{}" if is_korean == (failing == "ko") else reply(ask)

    (found,) = all_written(Asker(ScriptedChat(moody), None), APPLES, languages=LANGUAGES)
    assert {one.language for one in found} == {left}


def test_without_any_instruction_there_is_a_reject_that_names_the_fault() -> None:
    asker = Asker(ScriptedChat(lambda ask: "{}"), None)
    outcomes = all_written(asker, APPLES, CARS, tasks=TASKS[:2], asking={"repairs": 0})
    assert [(one.rule, one.value) for one in outcomes] == [
        ("bad_answer", "missing_key: answer: command")
    ] * 2


def test_a_model_that_repeats_itself_is_asked_again() -> None:
    def lazy(ask: Ask) -> str:
        return json.dumps({kind: ["make it green"] for kind in ("command", "phrase", "question")})

    chat = ScriptedChat(lazy)
    (outcome,) = instructor(Asker(chat, None)).instruct([APPLES])
    assert isinstance(outcome, RejectError)
    assert outcome.value == "said_twice: make it green"
    assert "said twice" in texts_of(chat.asked[1])


def test_longer_texts_than_allowed_are_faulty() -> None:
    asker, _ = asker_of()
    (outcome,) = instructor(asker, max_chars=20).instruct([APPLES])
    assert isinstance(outcome, RejectError)
    assert outcome.value.startswith("too_long: answer.command[0]")


def test_a_base_model_reads_one_plain_text_that_ends_where_it_begins_to_write() -> None:
    asker, chat = asker_of()
    fewshot = {"prompt_style": "fewshot", "max_tokens": 128}
    instructor(asker, shows="phrases", asking=fewshot).instruct([APPLES])
    (ask,) = chat.asked
    (turn,) = ask.turns
    (text,) = turn.parts
    assert isinstance(text, str)
    blocks = text.split("\n\n")
    shared = "Both: style: photo; subject: apple"
    assert blocks[-1] == (
        f"{shared}\nOnly the first: subject: red\nOnly the second: colour: green\nRequests:"
    )
    assert sum(block.startswith("Both: ") for block in blocks) == 6
    assert len(text) < 6000


def test_changing_the_prompt_of_one_stage_asks_that_stage_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FolderObjects(tmp_path)
    pair, one, other = images("a red apple", "a green apple")
    view = PairView(pair=pair, query=one, target=other)

    def run() -> list[str]:
        asker, chat = asker_of(store)
        describer = ChatDescriber(asker, pictures, DescribingConfig(captions=True), 0)
        (description,) = describer.describe([view])
        assert isinstance(description, Description)
        instructor(asker).instruct([description])
        return [raw.stage for raw in asker.take_raw()][: len(chat.asked)] if chat.asked else []

    assert run() == ["describe", "instruct"]
    assert run() == []
    monkeypatch.setattr(prompting, "pool_version", lambda language: "changed")
    asker, chat = asker_of(store)
    (description,) = ChatDescriber(asker, pictures, DescribingConfig(captions=True), 0).describe(
        [view]
    )
    assert chat.asked == []
    assert isinstance(description, Description)
    instructor(asker).instruct([description])
    assert len(chat.asked) == 1


def test_descriptions_flow_through_in_any_number() -> None:
    asker, chat = asker_of()
    flow = instructor(asker, languages=LANGUAGES).each(iter([APPLES, CARS] * 50))
    description, found = next(flow)
    assert description is APPLES
    assert isinstance(found, tuple)
    assert all(isinstance(one, Written) for one in found)
    assert len(chat.asked) == 2
    assert len(list(flow)) == 99
