"""What is written for five tasks of one pair, out of three answers."""

from pairmill.core.prompting.demonstrations import INSTRUCT, RELATE, TELL, Texts
from pairmill.core.prompting.tasks import FOR_TEXT, NEEDS, asks_of, write_up
from pairmill.core.synthesis import (
    COMPOSED,
    COMPOSED_TO_TEXT,
    IMAGE_TO_IMAGE,
    IMAGE_TO_TEXT,
    LANGUAGES,
    TASKS,
    TEXT_TO_IMAGE,
    RawAnswer,
    Usage,
    Written,
    sum_usage,
)
from pairmill.core.tables import from_parquet, to_parquet

ANSWERS: dict[str, Texts] = {
    INSTRUCT: {"command": ("make it green",), "phrase": ("a green one",), "question": ("green?",)},
    TELL: {"phrase": ("green apple",), "sentence": ("A green apple lies on a table.",)},
    RELATE: {"command": ("show more of this fruit",), "phrase": ("another of these",)},
}
SENTENCE = "A green apple lies on a table."


def written(task: str) -> tuple[Written, ...]:
    return write_up(task, "en", ANSWERS, pair_id="p", seed=0)


def test_every_task_says_what_it_needs() -> None:
    assert set(NEEDS) == set(TASKS)
    assert set(FOR_TEXT) == set(LANGUAGES)
    assert asks_of([COMPOSED]) == (INSTRUCT,)
    assert asks_of([TEXT_TO_IMAGE, IMAGE_TO_TEXT]) == (TELL,)
    assert asks_of(TASKS[::-1]) == (INSTRUCT, TELL, RELATE)


def test_instructions_keep_their_kinds() -> None:
    assert [(one.kind, one.text) for one in written(COMPOSED)] == [
        ("command", "make it green"), ("phrase", "a green one"), ("question", "green?"),
    ]  # fmt: skip
    assert {(one.task, one.language, one.answer) for one in written(COMPOSED)} == {
        (COMPOSED, "en", "")
    }


def test_a_text_that_finds_the_image_is_also_what_the_image_finds() -> None:
    found = [one.text for one in written(TEXT_TO_IMAGE)]
    assert found == ["green apple", SENTENCE]
    assert [one.answer for one in written(IMAGE_TO_TEXT)] == found
    assert all((one.kind, one.text) in FOR_TEXT["en"] for one in written(IMAGE_TO_TEXT))


def test_an_instruction_may_also_lead_to_a_text() -> None:
    assert [(one.text, one.answer) for one in written(COMPOSED_TO_TEXT)] == [
        ("make it green", SENTENCE), ("a green one", SENTENCE), ("green?", SENTENCE),
    ]  # fmt: skip


def test_what_joins_the_images_asks_for_an_image() -> None:
    assert [one.text for one in written(IMAGE_TO_IMAGE)] == [
        "show more of this fruit", "another of these",
    ]  # fmt: skip


def test_a_task_without_all_its_answers_gives_nothing() -> None:
    only_told = {TELL: ANSWERS[TELL]}
    for task in (COMPOSED, IMAGE_TO_IMAGE, COMPOSED_TO_TEXT):
        assert write_up(task, "en", only_told, pair_id="p", seed=0) == ()


def test_the_request_for_a_text_is_drawn_by_pair() -> None:
    asked = {
        write_up(IMAGE_TO_TEXT, "ko", ANSWERS, pair_id=str(i), seed=0)[0].text for i in range(99)
    }
    assert asked == {text for _, text in FOR_TEXT["ko"]}


def test_raw_answers_are_stored_without_what_differs_from_run_to_run() -> None:
    raw = RawAnswer(
        ask_digest="d", stage="describe", record_id="p", model="m", prompt_version="v", seed=2**31,
        text="{}", parsed_ok=False, fault="missing_key", prompt_tokens=7, completion_tokens=2,
        requests=3, seconds=1.5,
    )  # fmt: skip
    other = RawAnswer(**{**vars(raw), "requests": 1, "seconds": 0.1})
    assert to_parquet(RawAnswer, [raw]) == to_parquet(RawAnswer, [other])
    (read,) = from_parquet(RawAnswer, to_parquet(RawAnswer, [raw]))
    assert read == RawAnswer(**{**vars(raw), "requests": 1, "seconds": 0.0})


def test_usage_is_summed_by_stage_and_model() -> None:
    one = Usage(stage="describe", model="m", questions=2, prompt_tokens=10, seconds=0.5)
    other = Usage(stage="instruct", model="m", questions=1)
    both = Usage(stage="describe", model="m", questions=4, prompt_tokens=20, seconds=1.0)
    assert sum_usage([other, one, one]) == (both, other)
