"""Above the chat port: nothing is asked twice, faults are asked again, all is written down."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pairmill.adapters.chat import asking
from pairmill.adapters.chat.asking import Asker
from pairmill.adapters.chat.questions import Question, Shown, draw_seed, say
from pairmill.adapters.objects.folder import FolderObjects
from pairmill.config.writing import AskingConfig
from pairmill.core.answers import Fault
from pairmill.core.errors import FormatError, RejectError, RetryError
from pairmill.core.prompting.prompts import Filled, Slot
from pairmill.ports.chat import Answer, Ask, Picture, Tokens
from tests.pairmill.adapters.chat.scripted_chat import Said, ScriptedChat

SCHEMA = {
    "type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"],
    "additionalProperties": False,
}  # fmt: skip
GOOD = '{"x": 1}'


def question(about: int, **changes: Any) -> Question[int]:
    values: dict[str, Any] = {
        "about": about, "stage": "describe", "record_id": f"r{about:04}", "prompt_version": "p/1",
        "said": (("system", ("Count.",)), ("user", (f"#{about}",))), "schema": SCHEMA,
        "asking": AskingConfig(), "seed": 7,
    }  # fmt: skip
    return Question(**{**values, **changes})


def name_of(ask: Ask) -> str:
    return next(str(part) for turn in ask.turns for part in turn.parts if str(part)[0] == "#")


def fails(times: int, text: str = "no") -> Callable[[Ask], Said]:
    """Return a model that answers each question badly so often, and then well."""
    left: dict[str, int] = {}

    def answer(ask: Ask) -> Said:
        name = name_of(ask)
        left[name] = left.get(name, times) - 1
        return text if left[name] >= 0 else f'{{"x": {name[1:]}}}'

    return answer


def echo(ask: Ask) -> Said:
    return f'{{"x": {name_of(ask)[1:]}}}'


def outcomes(asker: Asker, questions: list[Question[int]]) -> dict[int, Any]:
    return {
        about: (value.rule, value.value) if isinstance(value, RejectError) else value
        for about, value in asker.ask(questions)
    }


def test_every_question_gets_the_value_of_its_own_answer() -> None:
    chat = ScriptedChat(echo)
    asker = Asker(chat, None)
    assert outcomes(asker, [question(i) for i in range(5)]) == {i: {"x": i} for i in range(5)}
    assert asker.in_order([question(i) for i in range(3)]) == [{"x": 0}, {"x": 1}, {"x": 2}]
    assert len({ask.ask_id for ask in chat.asked}) == 8


def test_a_rerun_with_the_cache_asks_nothing(tmp_path: Path) -> None:
    store = FolderObjects(tmp_path)
    questions = [question(i) for i in range(20)]
    first = Asker(ScriptedChat(fails(1)), store)
    before = outcomes(first, questions)
    assert len(list(store.list("answers/"))) == 40

    def dead(ask: Ask) -> Said:
        raise AssertionError(f"asked again: {ask.ask_id}")

    second = Asker(ScriptedChat(dead), store)
    assert outcomes(second, questions) == before
    (usage,) = second.usage()
    assert (usage.answers, usage.cached, usage.repairs, usage.requests) == (0, 40, 20, 0)
    assert (usage.prompt_tokens, usage.seconds) == (0, 0.0)
    assert second.take_raw() == first.take_raw()


OTHERS: dict[str, dict[str, Any]] = {
    "prompt": {"prompt_version": "p/2"},
    "words": {"said": (("user", ("#0",)),)},
    "schema": {"schema": {**SCHEMA, "additionalProperties": None}},
    "seed": {"seed": 8},
    "temperature": {"asking": AskingConfig(temperature=0.5)},
    "length": {"asking": AskingConfig(max_tokens=99)},
}


@pytest.mark.parametrize("changed", OTHERS)
def test_whatever_decides_an_answer_is_part_of_its_name(changed: str, tmp_path: Path) -> None:
    store = FolderObjects(tmp_path)
    outcomes(Asker(ScriptedChat(echo), store), [question(0)])
    chat = ScriptedChat(echo)
    outcomes(Asker(chat, store), [question(0, **OTHERS[changed])])
    assert len(chat.asked) == 1
    same = question(0, stage="judge", record_id="other", asking=AskingConfig(repairs=0))
    outcomes(Asker(chat, store), [same])
    assert len(chat.asked) == 1


def test_another_model_or_variant_is_asked_anew(tmp_path: Path) -> None:
    store = FolderObjects(tmp_path)
    outcomes(Asker(ScriptedChat(echo), store), [question(0)])
    for chat, variant in ((ScriptedChat(echo, model="two"), ""), (ScriptedChat(echo), "thinking")):
        outcomes(Asker(chat, store, variant=variant), [question(0)])
        assert len(chat.asked) == 1


def test_a_picture_is_named_by_its_digest_and_read_only_when_it_is_asked_about(
    tmp_path: Path,
) -> None:
    store, loaded = FolderObjects(tmp_path), list[str]()

    def shown(name: str) -> Question[int]:
        def load() -> Picture:
            loaded.append(name)
            return Picture(data=name.encode())

        parts = ("#0", Shown(digest=name, load=load))
        return question(0, said=(("user", parts),))

    chat = ScriptedChat(echo)
    for name in ("a", "a", "b"):
        outcomes(Asker(chat, store), [shown(name)])
    assert loaded == ["a", "b"]
    assert chat.asked[1].turns[0].parts == ("#0", Picture(data=b"b"))


def test_a_picture_that_cannot_be_had_ends_its_question_alone() -> None:
    def gone() -> Picture:
        raise RejectError("source_missing", "x.jpg")

    lost = question(1, said=(("user", ("#1", Shown(digest="d", load=gone))),))
    chat = ScriptedChat(echo)
    asker = Asker(chat, None)
    found = outcomes(asker, [question(0), lost, question(2)])
    assert found == {0: {"x": 0}, 1: ("source_missing", "x.jpg"), 2: {"x": 2}}
    assert len(chat.asked) == 2
    raw = asker.take_raw()[1]
    assert (raw.record_id, raw.parsed_ok, raw.fault, raw.requests) == (
        "r0001", False, "source_missing", 0,
    )  # fmt: skip


def test_a_faulty_answer_is_shown_to_the_model_with_its_fault_named() -> None:
    chat = ScriptedChat(fails(1, text='Sure: {"x": 1}'))
    asker = Asker(chat, None)
    assert outcomes(asker, [question(3)]) == {3: {"x": 3}}
    first, again = chat.asked
    assert again.turns[:2] == first.turns
    assert [turn.role for turn in again.turns] == ["system", "user", "assistant", "user"]
    assert again.turns[2].parts == ('Sure: {"x": 1}',)
    (told,) = again.turns[3].parts
    assert "text stands before or after the JSON" in str(told)
    assert json.dumps(SCHEMA, sort_keys=True) in str(told)
    assert (first.seed, again.seed, again.temperature) == (7, 8, 0.0)


def test_a_model_that_only_continues_texts_draws_again() -> None:
    chat = ScriptedChat(fails(2))
    fewshot = AskingConfig(prompt_style="fewshot", temperature=0.2)
    assert outcomes(Asker(chat, None), [question(3, asking=fewshot)]) == {3: {"x": 3}}
    assert [ask.turns for ask in chat.asked] == [chat.asked[0].turns] * 3
    assert [(ask.seed, ask.temperature) for ask in chat.asked] == [(7, 0.2), (8, 0.7), (9, 0.7)]


@pytest.mark.parametrize("repairs", [0, 1, 3])
def test_repairs_are_bounded_and_the_last_fault_is_the_reject(repairs: int) -> None:
    chat = ScriptedChat(fails(99, text='{"x": "1"}'))
    asker = Asker(chat, None)
    found = outcomes(asker, [question(0, asking=AskingConfig(repairs=repairs))])
    assert found == {0: ("bad_answer", "wrong_type: answer.x: wanted integer")}
    assert len(chat.asked) == repairs + 1
    (usage,) = asker.usage()
    assert (usage.questions, usage.answers, usage.faulty) == (1, repairs + 1, repairs + 1)
    assert (usage.repairs, usage.rejected) == (repairs, 1)
    assert [raw.fault for raw in asker.take_raw()] == ["wrong_type"] * (repairs + 1)


def test_what_a_value_means_can_be_at_fault_too() -> None:
    def small(value: dict[str, int]) -> Fault | None:
        return Fault(name="too_small", detail=str(value["x"])) if value["x"] < 5 else None

    chat = ScriptedChat(lambda ask: f'{{"x": {len(ask.turns)}}}')
    asker = Asker(chat, None)
    (found,) = outcomes(asker, [question(0, check=small)]).values()
    assert found == ("bad_answer", "too_small: 4")
    assert "too small (2)" in str(chat.asked[1].turns[3].parts)


def test_a_cut_off_answer_is_told_apart_and_fences_are_counted() -> None:
    def say_badly(ask: Ask) -> Said:
        if len(ask.turns) == 2:
            return Answer(text='{"x": 1', model="m", finish="length", tokens=Tokens(prompt=3))
        return f"```json\n{GOOD}\n```"

    asker = Asker(ScriptedChat(say_badly), None)
    assert outcomes(asker, [question(0)]) == {0: {"x": 1}}
    assert sorted(raw.fault for raw in asker.take_raw()) == ["", "truncated"]
    (usage,) = asker.usage()
    assert (usage.fenced, usage.prompt_tokens) == (1, 4)


def test_a_refused_question_is_no_answer_and_is_asked_again_next_time(tmp_path: Path) -> None:
    store = FolderObjects(tmp_path)
    chat = ScriptedChat(lambda ask: RejectError("refused_by_server", "400: image"))
    for times in (1, 2):
        found = outcomes(Asker(chat, store), [question(0)])
        assert found == {0: ("refused_by_server", "400: image")}
        assert len(chat.asked) == times


def test_half_a_surrogate_pair_is_kept_as_a_question_mark(tmp_path: Path) -> None:
    store = FolderObjects(tmp_path)
    asker = Asker(ScriptedChat(fails(9, text="\ud800")), store)
    once = AskingConfig(repairs=1)
    assert outcomes(asker, [question(0, asking=once)])[0][0] == "bad_answer"
    assert [raw.text for raw in asker.take_raw()] == ["?", "?"]


def test_an_answer_that_nobody_can_read_says_which_object_to_delete(tmp_path: Path) -> None:
    store = FolderObjects(tmp_path)
    outcomes(Asker(ScriptedChat(echo), store), [question(0)])
    (key,) = store.list("answers/")
    for broken in (b"{", b"[]", b'{"format": 2}', b'{"format": 1, "tokens": {}}'):
        store.put(key, broken)
        with pytest.raises(FormatError, match=f"{key}: got .* delete it to ask again"):
            outcomes(Asker(ScriptedChat(echo), store), [question(0)])


def test_what_was_answered_before_a_server_went_away_is_not_asked_again(tmp_path: Path) -> None:
    store = FolderObjects(tmp_path)

    def goes_away(ask: Ask) -> Said:
        if name_of(ask) == "#6":
            raise RetryError("the server is away")
        return echo(ask)

    questions = [question(i) for i in range(10)]
    with pytest.raises(RetryError):
        outcomes(Asker(ScriptedChat(goes_away), store), questions)
    chat = ScriptedChat(echo)
    assert outcomes(Asker(chat, store), questions) == {i: {"x": i} for i in range(10)}
    assert [name_of(ask) for ask in chat.asked] == ["#6", "#7", "#8", "#9"]


def test_questions_are_read_no_further_than_the_model_reads() -> None:
    read = list[int]()

    def endless() -> Iterator[Question[int]]:
        for i in range(10**9):
            read.append(i)
            yield question(i)

    found = Asker(ScriptedChat(fails(1)), None).ask(endless())
    assert [next(found) for _ in range(50)] == [(i, {"x": i}) for i in range(50)]
    assert len(read) <= 51


def test_a_long_cached_stretch_waits_in_memory_only_so_far(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "READY", 16)
    store, read = FolderObjects(tmp_path), list[int]()
    outcomes(Asker(ScriptedChat(echo), store), [question(0)])
    kept = question(0)

    def mostly_kept() -> Iterator[Question[int]]:
        yield question(1)
        for i in range(48):
            read.append(i)
            yield kept
        yield question(2)

    chat = ScriptedChat(echo)
    found = Asker(chat, store).ask(mostly_kept())
    next(found)
    assert len(read) <= 16
    assert sum(1 for _ in found) == 49
    assert len(chat.asked) == 2


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(["good", "fenced", "once", "never", "refused"]), max_size=30),
       st.booleans())  # fmt: skip
def test_every_question_has_one_outcome_whatever_the_answers(kinds: list[str], kept: bool) -> None:
    seen: dict[str, int] = {}

    def moody(ask: Ask) -> Said:
        name = name_of(ask)
        seen[name] = seen.get(name, 0) + 1
        kind = kinds[int(name[1:])]
        if kind == "refused":
            return RejectError("refused_by_server", "no")
        if kind == "never" or (kind == "once" and seen[name] == 1):
            return "rubbish"
        return f"```\n{GOOD}\n```" if kind == "fenced" else GOOD

    asker = Asker(ScriptedChat(moody), None)
    found = list(asker.ask(question(i) for i in range(len(kinds))))
    assert sorted(about for about, _ in found) == list(range(len(kinds)))
    bad = {about for about, value in found if isinstance(value, RejectError)}
    assert bad == {i for i, kind in enumerate(kinds) if kind in ("never", "refused")}
    usage = asker.usage()[0] if kinds else None
    if usage:
        assert usage.questions == len(kinds)
        assert usage.rejected == len(bad)
        assert usage.answers == usage.requests
        assert usage.answers == len([raw for raw in asker.take_raw() if raw.requests])
        assert usage.fenced == kinds.count("fenced")
        assert usage.repairs == kinds.count("once") + 2 * kinds.count("never")


def test_a_prompt_is_said_as_two_turns_or_as_one_plain_text() -> None:
    filled = Filled(version="v", system="Be exact.", user=("First:", Slot("query"), "End."))
    picture = Shown(digest="d", load=lambda: Picture(data=b""))
    assert say(filled, "chat", {"query": picture}) == (
        ("system", ("Be exact.",)), ("user", ("First:", picture, "End.")),
    )  # fmt: skip
    assert say(filled, "fewshot", {"query": picture}) == (
        ("user", ("Be exact.\n\nFirst:", picture, "End.")),
    )
    picture_first = Filled(version="v", system="Be exact.", user=(Slot("query"), "End."))
    assert say(picture_first, "fewshot", {"query": picture}) == (
        ("user", ("Be exact.", picture, "End.")),
    )


def test_seeds_are_drawn_by_name_and_fit_into_31_bits() -> None:
    drawn = [draw_seed(0, "describe", str(i)) for i in range(200)]
    assert len(set(drawn)) == 200
    assert all(0 <= seed < 2**31 for seed in drawn)
    assert draw_seed(0, "describe", "5") == drawn[5] != draw_seed(1, "describe", "5")
