"""What only the describer that looks must do: show both images, keep what it is told, mix."""

from pathlib import Path
from typing import Any

from pairmill.adapters.chat.asking import Asker
from pairmill.adapters.describer.llm import ChatDescriber
from pairmill.adapters.instructor.rules import RulesInstructor
from pairmill.adapters.objects.folder import FolderObjects
from pairmill.config import DescribingConfig, InstructingConfig
from pairmill.core.errors import RejectError
from pairmill.core.ids import image_id, pair_id
from pairmill.core.prompting.describe import describe_version
from pairmill.core.records import Caption, Description, ImageRecord, Pair
from pairmill.ports.chat import Ask
from pairmill.ports.describer import PairView
from tests.pairmill.adapters.chat.scripted_chat import ScriptedChat
from tests.pairmill.adapters.chat.writing_model import asker_of, pictures, pictures_of, texts_of

ANSWER = (
    '{"shared": ["subject: car"], "only_query": ["colour: red"], "only_target": '
    '["colour: dark blue", "time of day: night"], "text": "Both show a car. One is blue."}'
)


def view_of(query: str, target: str) -> PairView:
    images = [
        ImageRecord(image_id=image_id(text.encode()), keys=(text,),
                    captions=(Caption(kind="table", text=text),))
        for text in (query, target)
    ]  # fmt: skip
    one, other = (image.image_id for image in images)
    pair = Pair(pair_id=pair_id(one, other), query_id=one, target_id=other, relations=(),
                negatives=(one,))  # fmt: skip
    return PairView(pair=pair, query=images[0], target=images[1])


VIEWS = [view_of("a red car", f"a blue car {i}") for i in range(4)]


def describer(asker: Asker, **config: Any) -> ChatDescriber:
    return ChatDescriber(asker, pictures, DescribingConfig(**config), 0)


def test_the_model_sees_both_images_and_no_captions_unless_they_are_wanted() -> None:
    asker, chat = asker_of()
    describer(asker, captions=True).describe(VIEWS[:1])
    blind = ScriptedChat(lambda ask: ANSWER)
    describer(Asker(blind, None)).describe(VIEWS[:1])
    assert [len(pictures_of(ask)) for ask in (*chat.asked, *blind.asked)] == [2, 2]
    assert "a red car" in texts_of(chat.asked[0])
    assert "car" not in texts_of(blind.asked[0]).partition("First picture")[2]


def test_word_limits_differ_from_pair_to_pair_within_their_bounds() -> None:
    chat = ScriptedChat(lambda ask: ANSWER)
    describer(Asker(chat, None), words=(70, 72)).describe(
        [view_of("a car", str(i)) for i in range(30)]
    )
    limits = {text.rpartition("at most ")[2] for text in map(texts_of, chat.asked)}
    assert limits == {"70 words.", "71 words.", "72 words."}


def test_the_author_names_model_and_prompt_and_raw_answers_are_kept() -> None:
    asker, chat = asker_of()
    found = describer(asker, captions=True)
    assert found.author == f"{chat.model} by {describe_version()}"
    (description,) = found.describe(VIEWS[:1])
    assert isinstance(description, Description)
    assert description.author == found.author
    (raw,) = asker.take_raw()
    assert (raw.stage, raw.record_id) == ("describe", VIEWS[0].pair.pair_id)
    assert (raw.prompt_version, raw.parsed_ok) == (describe_version(), True)


def test_the_rules_can_write_from_what_a_model_described() -> None:
    chat = ScriptedChat(lambda ask: ANSWER)
    described = describer(Asker(chat, None)).describe(VIEWS)
    good = [one for one in described if isinstance(one, Description)]
    written = RulesInstructor(InstructingConfig(per_pair=6), 0).instruct(good)
    assert len(written) == len(VIEWS)
    for texts in written:
        assert not isinstance(texts, RejectError)
        assert all("dark blue" in text and "night" in text for text in texts)
        assert not any("red" in text.split() for text in texts)


def test_a_model_that_finds_no_difference_is_not_asked_again() -> None:
    same = '{"shared": ["subject: car"], "only_query": [], "only_target": [], "text": "Same."}'
    chat = ScriptedChat(lambda ask: same)
    (outcome,) = describer(Asker(chat, None)).describe(VIEWS[:1])
    assert isinstance(outcome, RejectError)
    assert outcome.rule == "nothing_differs"
    assert len(chat.asked) == 1


def test_a_model_of_plain_texts_is_asked_in_one_turn() -> None:
    chat = ScriptedChat(lambda ask: ANSWER)
    asking = {"prompt_style": "fewshot", "max_tokens": 99, "temperature": 0.5}
    describer(Asker(chat, None), asking=asking).describe(VIEWS[:1])
    (ask,) = chat.asked
    assert [turn.role for turn in ask.turns] == ["user"]
    assert (ask.max_tokens, ask.temperature, len(pictures_of(ask))) == (99, 0.5, 2)


def test_pairs_flow_through_in_any_number_and_a_rerun_asks_nothing(tmp_path: Path) -> None:
    store = FolderObjects(tmp_path)
    asker, chat = asker_of(store)
    flowing = describer(asker, captions=True).each(iter(VIEWS * 3))
    first, _ = next(flowing)
    assert first is VIEWS[0]
    assert len(chat.asked) == 1
    assert len(list(flowing)) == 11
    assert len(chat.asked) == 4

    def dead(ask: Ask) -> str:
        raise AssertionError(ask.ask_id)

    again = describer(Asker(ScriptedChat(dead), store), captions=True).describe(VIEWS)
    assert again == describer(asker, captions=True).describe(VIEWS)
