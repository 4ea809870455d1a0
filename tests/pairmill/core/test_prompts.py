"""What models are shown: prompts filled in, pictures in their places, versions that tell."""

import json
from dataclasses import replace

import pytest

from pairmill.core.answers import Parsed, parse_answer
from pairmill.core.captions import MachineCaption, agree, lend
from pairmill.core.errors import RejectError
from pairmill.core.ids import image_id
from pairmill.core.prompting import caption, describe
from pairmill.core.prompting.demonstrations import ASKS, INSTRUCT, RELATE, TELL, draw
from pairmill.core.prompting.describe import DescribeOptions, ask_to_describe, description_of
from pairmill.core.prompting.instruct import (
    InstructOptions,
    ask_to_write,
    check_texts,
    instruct_version,
    schema_of,
)
from pairmill.core.prompting.prompts import Prompt, Slot, load_prompt
from pairmill.core.records import Caption, Description, ImageRecord, Pair

PAIR = Pair(pair_id="ab" * 16, query_id="q", target_id="t", relations=(), negatives=("q",))
QUERY, TARGET = (ImageRecord(image_id=i, keys=(i,)) for i in "qt")
APPLES = Description(
    pair=PAIR, shared=("subject: apple",), only_query=("colour: red", "also: wooden table"),
    only_target=("colour: green",), text="Both show apples. One is green.", author="by hand",
)  # fmt: skip
DESCRIBE = DescribeOptions(words=(60, 100), captions=True, seed=0)
WRITE = InstructOptions(per_pair=3, max_chars=300, num_demonstrations=5, shows="both", seed=0)


def test_values_are_put_in_once_and_lines_without_any_fall_away() -> None:
    prompt = Prompt(name="p", sections={"user": "Hello $name.\nSaid: $said\nPlain."})
    assert prompt.fill("user", name="$said", said="") == "Hello $said.\nPlain."
    with pytest.raises(KeyError):
        prompt.fill("user", name="x")


def test_only_the_file_has_places_for_pictures() -> None:
    prompt = Prompt(name="p", sections={"user": "One:\n[[query]]\nSaid: $said\n[[target]]\nEnd."})
    parts = prompt.parts("user", said="\n[[target]]\nx")
    assert parts == ("One:", Slot("query"), "Said: \n[[target]]\nx", Slot("target"), "End.")


def test_a_version_is_a_digest_of_the_text() -> None:
    prompt = load_prompt("describe")
    changed = replace(prompt, sections={**prompt.sections, "system": "Be brief."})
    assert prompt.version.startswith("describe/")
    assert changed.version != prompt.version
    assert load_prompt("describe").version == prompt.version


def test_the_versions_of_all_prompts_differ() -> None:
    versions = {instruct_version(ask, code) for ask in ASKS for code in ("en", "ko")}
    versions |= {describe.describe_version(), caption.ask_for_caption().version}
    assert len(versions) == 8


def test_a_pair_is_shown_as_two_pictures_with_their_captions() -> None:
    captioned = replace(QUERY, captions=(Caption(kind="tar", text="a $words\n[[target]]"),))
    filled = ask_to_describe(PAIR, captioned, TARGET, DESCRIBE)
    first, query, middle, target, last = filled.user
    assert (query, target) == (Slot("query"), Slot("target"))
    assert first == "First picture:"
    assert middle == "It was captioned: a $words [[target]]\nSecond picture:"
    limit = describe.draw_words(PAIR.pair_id, DESCRIBE)
    assert f"at most {limit} words" in str(last)
    assert f"at most {limit} words" in filled.system
    silent = ask_to_describe(PAIR, captioned, TARGET, replace(DESCRIBE, captions=False))
    assert silent.user[2] == "Second picture:"


def test_word_limits_are_drawn_from_all_between_the_bounds_by_pair_and_seed() -> None:
    drawn = [describe.draw_words(f"pair {i}", DESCRIBE) for i in range(2000)]
    assert set(drawn) == set(range(60, 101))
    assert describe.draw_words("pair 1", DESCRIBE) == drawn[1]
    assert [describe.draw_words(f"pair {i}", replace(DESCRIBE, seed=1)) for i in range(9)] != (
        drawn[:9]
    )


def told(**changes: object) -> dict[str, object]:
    value: dict[str, object] = {
        "shared": ["subject: apple"], "only_query": ["colour: red"],
        "only_target": ["Colour:  dark green", "on a plate"], "text": "Both  show\napples.",
    }  # fmt: skip
    return {**value, **changes}


def test_an_answer_becomes_a_description_in_the_rules_own_notation() -> None:
    got = parse_answer(json.dumps(told()), describe.SCHEMA)
    assert isinstance(got, Parsed)
    description = description_of(PAIR, got.value, "me")
    assert description.only_target == ("colour: dark green", "on a plate")
    assert (description.text, description.author) == ("Both show apples.", "me")


@pytest.mark.parametrize(
    ("phrase", "wanted"),
    [
        ("Time of Day: night", "time of day: night"),
        ("skin tone: dark", "skin tone: dark"),
        ("the sign NOW: SALE", "detail: the sign NOW: SALE"),
        ("also: secret", "detail: secret"),
        ("colour:", "colour:"),
        ("a bowl", "a bowl"),
    ],
)
def test_a_phrase_s_kind_is_what_looks_like_one(phrase: str, wanted: str) -> None:
    assert description_of(PAIR, told(only_target=[phrase]), "me").only_target == (wanted,)


def test_what_stands_on_both_sides_is_no_difference() -> None:
    description = description_of(
        PAIR, told(only_query=["colour: red", "count: two"],
                   only_target=["Colour: red", "size: small", "subject: apple"]), "me",
    )  # fmt: skip
    assert (description.only_query, description.only_target) == (("count: two",), ("size: small",))


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"only_target": []}, "nothing_to_name"),
        ({"only_target": [], "only_query": []}, "nothing_differs"),
        ({"only_target": ["colour: red"]}, "nothing_differs"),
    ],
)
def test_an_answer_without_a_difference_is_a_reject(changes: dict[str, object], rule: str) -> None:
    with pytest.raises(RejectError) as caught:
        description_of(PAIR, told(**changes), "me")
    assert caught.value.rule == rule


def test_an_instruction_is_asked_for_after_five_drawn_demonstrations() -> None:
    filled = ask_to_write(INSTRUCT, "en", APPLES, WRITE)
    (text,) = filled.user
    assert isinstance(text, str)
    *shown, last = text.split("\n\n")
    assert len(shown) == 5
    drawn = draw("en", PAIR.pair_id, seed=0, count=5)
    for block, one in zip(shown, drawn, strict=True):
        *_, answer = block.splitlines()
        got = parse_answer(answer.removeprefix("Requests: "), schema_of(INSTRUCT, WRITE))
        assert isinstance(got, Parsed), got
        assert got.value["question"] == list(one.written[INSTRUCT]["question"][:1])
    assert last == (
        "Both: subject: apple\nOnly the first: colour: red\nOnly the second: colour: green\n"
        "In sentences: Both show apples. One is green.\nRequests:"
    )


def test_what_nobody_may_say_is_not_shown() -> None:
    (text,) = ask_to_write(INSTRUCT, "en", APPLES, WRITE).user
    assert "wooden" not in str(text).split("\n\n")[-1]


@pytest.mark.parametrize(
    ("shows", "lines"),
    [("phrases", ["Both", "Only the first", "Only the second", "Requests"]),
     ("text", ["In sentences", "Requests"])],
)  # fmt: skip
def test_descriptions_and_demonstrations_are_shown_alike(shows: str, lines: list[str]) -> None:
    (text,) = ask_to_write(INSTRUCT, "en", APPLES, replace(WRITE, shows=shows)).user
    for block in str(text).split("\n\n"):
        assert [line.partition(":")[0] for line in block.splitlines()] == lines


@pytest.mark.parametrize(("per_pair", "counts"), [(3, [1, 1, 1]), (5, [2, 2, 1]), (20, [7, 7, 6])])
def test_instructions_are_shared_out_among_kinds(per_pair: int, counts: list[int]) -> None:
    options = replace(WRITE, per_pair=per_pair)
    assert list(options.counts(INSTRUCT).values()) == counts
    filled = ask_to_write(INSTRUCT, "en", APPLES, options)
    assert f"a list of commands ({counts[0]})" in filled.system
    lists = schema_of(INSTRUCT, options)["properties"]
    assert [lists[kind]["minItems"] for kind in ("command", "phrase", "question")] == counts


@pytest.mark.parametrize("ask", [INSTRUCT, TELL, RELATE])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_prompt_is_filled_to_the_last_place(ask: str, language: str) -> None:
    filled = ask_to_write(ask, language, APPLES, WRITE)
    whole = filled.system + "".join(map(str, filled.user))
    assert "$" not in whole
    assert not whole.startswith("\n")
    assert whole.endswith(":")
    assert filled.version == instruct_version(ask, language)
    kinds = schema_of(ask, WRITE)["required"]
    assert all(f'"{kind}"' in filled.system for kind in kinds)


def test_an_answer_that_says_one_thing_twice_or_nothing_is_at_fault() -> None:
    good = {"command": ["make it green"], "phrase": ["a green one"], "question": ["in green?"]}
    assert check_texts(good) is None
    twice = check_texts({**good, "phrase": ["Make it  green."]})
    assert twice
    assert twice.name == "said_twice"
    nothing = check_texts({**good, "phrase": ["- 12"]})
    assert nothing
    assert nothing.name == "no_words"


def test_a_model_s_caption_stays_whole_beside_any_other() -> None:
    image = ImageRecord(image_id=image_id(b"x"), keys=("x.jpg",))
    made = caption.caption_of(image, {"caption": "two red mugs,\n on a shelf"})
    assert made.text == made.seen == "two red mugs, on a shelf"
    assert made.names_a_thing
    mug = Caption(kind="class", text="mug")
    other = MachineCaption(image_id="o", text="blue mug", seen="blue mug", parts=(mug,))
    assert agree(made, other) == (made, other)
    assert lend(image, made).caption == made.text


@pytest.mark.parametrize(("num_sets", "wanted"), [(1, 1), (3, 3), (0, 40)])
def test_pairs_share_as_many_sets_of_demonstrations_as_there_may_be(
    num_sets: int, wanted: int
) -> None:
    options = replace(WRITE, num_sets=num_sets)
    pairs = [replace(PAIR, pair_id=f"{i:032x}") for i in range(40)]
    heads = {
        ask_to_write(INSTRUCT, "en", replace(APPLES, pair=pair), options).user for pair in pairs
    }  # all describe the same apples
    assert len(heads) == wanted
