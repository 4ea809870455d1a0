"""A real language model on the processor writes instructions: good, faulty, none lost or doubled.

It is a base model of 270 million parameters: with a grammar its answers are JSON at least, without
one nearly all of them are faulty.
"""

import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from pairmill.adapters.chat.asking import Asker
from pairmill.adapters.chat.openai import OpenAIChat
from pairmill.adapters.instructor.llm import ChatInstructor
from pairmill.adapters.objects.folder import FolderObjects
from pairmill.config import InstructingConfig
from pairmill.config.gating import GatingConfig
from pairmill.core.errors import RejectError
from pairmill.core.gating.sieve import begin, sift
from pairmill.core.ids import image_id, pair_id
from pairmill.core.records import Description, Pair
from pairmill.core.synthesis import RawAnswer, Usage, Written
from pairmill.pipeline.gating import shown_to_writers, text_gates
from pairmill.ports.chat import Answer, Ask, Turn
from pairmill.presets import load_config
from services.cli.gemma import PORT
from tests.servers.models.running import GemmaServer

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]

SAID = (
    ("subject: sofa", "colour: dark grey", "colour: red"),
    ("subject: apple, style: photo", "colour: green", "colour: yellow"),
    ("subject: mug", "count: one", "count: three"),
    ("subject: bicycle", "background: street", "background: forest"),
    ("subject: cat", "action: sleeping", "action: jumping"),
    ("subject: house", "season: summer", "season: winter"),
    ("subject: chair", "material: wood", "material: steel"),
    ("subject: dress", "texture: plain", "texture: striped"),
    ("subject: woman", "trait: short hair", "trait: long hair"),
    ("subject: bridge", "time of day: noon", "time of day: night"),
    ("subject: dog", "style: photo", "style: pencil sketch"),
    ("subject: cup", "size: small", "size: large"),
)
"""What is shared, what only the query shows and what only the target shows; a dozen."""
Outcomes = list[tuple[Description, tuple[Written, ...] | RejectError]]


def description(shared: str, query: str, target: str) -> Description:
    one, other = (image_id(f"{shared} {side}".encode()) for side in (query, target))
    pair = Pair(pair_id=pair_id(one, other), query_id=one, target_id=other, relations=(),
                negatives=(one,))  # fmt: skip
    return Description(pair=pair, shared=tuple(shared.split(", ")), only_query=(query,),
                       only_target=(target,), text="They differ in one thing.",
                       author="rules/1")  # fmt: skip


DESCRIPTIONS = [description(*said) for said in SAID]


class Scribe:
    """An instructor of the preset `gemma` at a server, and what it was heard to say."""

    def __init__(
        self, server: GemmaServer, answers: Path | None = None, *,
        own: Mapping[str, Any] = MappingProxyType({}), **chat: Any,
    ) -> None:  # fmt: skip
        preset = load_config("gemma").instructing.model_dump()
        asked = {**preset["chat"], "base_url": server.url, **chat}
        self.config = InstructingConfig.model_validate({**preset, **own, "chat": asked})
        kept = FolderObjects(answers) if answers else None
        self.asker = Asker(OpenAIChat(self.config.chat), kept)
        self._instructor = ChatInstructor(self.asker, self.config, 0)

    def write(self, descriptions: list[Description]) -> Outcomes:
        return list(self._instructor.each(descriptions))

    @property
    def usage(self) -> Usage:
        (usage,) = self.asker.usage()
        return usage


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GemmaServer]:
    with GemmaServer(tmp_path_factory.mktemp("gemma")) as server:
        yield server


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("answers")


@pytest.fixture(scope="module")
def scribe(server: GemmaServer, answers: Path) -> Scribe:
    return Scribe(server, answers)


@pytest.fixture(scope="module")
def outcomes(scribe: Scribe) -> Outcomes:
    return scribe.write(DESCRIPTIONS)


@pytest.fixture(scope="module")
def raw(scribe: Scribe, outcomes: Outcomes) -> tuple[RawAnswer, ...]:
    return scribe.asker.take_raw()


def written(outcomes: Outcomes) -> dict[str, tuple[Written, ...]]:
    """Return what was written, by pair."""
    return {one.pair.pair_id: outcome for one, outcome in outcomes
            if not isinstance(outcome, RejectError)}  # fmt: skip


def test_every_description_has_one_outcome(outcomes: Outcomes) -> None:
    asked = Counter(one.pair.pair_id for one in DESCRIPTIONS)
    assert Counter(one.pair.pair_id for one, _ in outcomes) == asked
    rules = {outcome.rule for _, outcome in outcomes if isinstance(outcome, RejectError)}
    assert rules <= {"bad_answer"}


def test_instructions_are_really_written(outcomes: Outcomes) -> None:
    found = written(outcomes)
    assert len(found) > len(DESCRIPTIONS) / 2
    for texts in found.values():
        assert [one.kind for one in texts] == ["command", "phrase", "question"]
        assert len({one.text for one in texts}) == 3
    # it speaks of each pair by itself: no two pairs got the same three
    assert len({tuple(one.text for one in texts) for texts in found.values()}) == len(found)


def test_the_preset_looks_where_the_command_serves() -> None:
    chat = load_config("gemma").instructing.chat
    assert (chat.base_url, chat.model) == (f"http://127.0.0.1:{PORT}/v1", GemmaServer.model)


def test_every_answer_is_kept_with_its_tokens(
    scribe: Scribe, outcomes: Outcomes, raw: tuple[RawAnswer, ...]
) -> None:
    assert {one.record_id for one in raw} == {one.pair.pair_id for one in DESCRIPTIONS}
    assert all(one.prompt_tokens > 100 and one.completion_tokens > 5 for one in raw)
    good = {one.record_id for one in raw if one.parsed_ok}
    assert good == set(written(outcomes))
    usage = scribe.usage
    assert usage.questions == len(DESCRIPTIONS)
    assert usage.rejected == len(DESCRIPTIONS) - len(good)
    assert usage.completion_tokens == sum(one.completion_tokens for one in raw)


def test_the_gates_find_its_real_mistakes_and_leave_the_rest(server: GemmaServer) -> None:
    """Told what only the source shows, and by demonstrations that are too fine for it, it leaks."""
    asking = {"prompt_style": "fewshot", "temperature": 0.7, "max_tokens": 192}
    loose = {"pool": "fine", "shows": "phrases", "demonstrations": 3, "asking": asking}
    found = Scribe(server, own=loose).write([DESCRIPTIONS[i] for i in (0, 1, 4, 6, 7)])
    gates = text_gates(GatingConfig(), shown_to_writers(["en"]))
    sifted = [sift(begin(one, texts), gates) for one, texts in found
              if not isinstance(texts, RejectError)]  # fmt: skip
    fallen = Counter(each.finding.rule for one in sifted for each in one.fallen)
    kept = sum(len(one.kept) for one in sifted)
    assert fallen.total() + kept == 3 * len(sifted)
    assert fallen["leakage"], fallen
    assert kept, "and not only mistakes"


def test_asked_again_from_the_cache_the_server_hears_nothing(
    server: GemmaServer, outcomes: Outcomes, answers: Path
) -> None:
    again = Scribe(server, answers, base_url="http://127.0.0.1:9/v1", patience_seconds=0.0)
    assert written(again.write(DESCRIPTIONS)) == written(outcomes)
    assert (again.usage.answers, again.usage.requests) == (0, 0)


def test_without_a_grammar_its_answers_are_faulty_and_end_as_rejects(server: GemmaServer) -> None:
    short = {"prompt_style": "fewshot", "max_tokens": 96, "repairs": 1, "temperature": 0.3}
    scribe = Scribe(server, own={"asking": short}, json_schema="never")
    few = DESCRIPTIONS[:2]
    found = scribe.write(few)
    assert Counter(one.pair.pair_id for one, _ in found) == Counter(
        one.pair.pair_id for one in few
    )  # fmt: skip
    usage = scribe.usage
    assert usage.faulty > 0
    assert usage.answers == usage.questions + usage.repairs
    raw = scribe.asker.take_raw()
    assert {one.fault for one in raw if not one.parsed_ok} <= {
        "text_around", "truncated", "not_json", "empty", "too_few", "too_many", "too_long",
        "said_twice", "missing_key", "unknown_key", "wrong_type", "doubled_key", "no_words",
        "too_short", "bad_characters", "too_big",
    }  # fmt: skip


def test_a_question_longer_than_its_context_takes_no_other_with_it(server: GemmaServer) -> None:
    chat = OpenAIChat(load_config("gemma").instructing.chat, base_url=server.url)
    long = Ask(ask_id="long", max_tokens=16,
               turns=(Turn(role="user", parts=("word " * 6000,)),))  # fmt: skip
    short = Ask(ask_id="short", max_tokens=4,
                turns=(Turn(role="user", parts=("One, two, three,",)),))  # fmt: skip
    found = {ask.ask_id: outcome for ask, outcome in chat.answer([long, short])}
    assert isinstance(found["long"], RejectError)
    assert isinstance(found["short"], Answer)
    assert "four" in found["short"].text


def test_a_page_in_a_browser_is_told_nothing(server: GemmaServer) -> None:
    asked = urllib.request.Request(f"{server.url}/models", headers={"Origin": "http://elsewhere"})
    with urllib.request.urlopen(asked) as answer:
        assert answer.headers["Access-Control-Allow-Origin"] in (None, "")


def test_it_stops_when_told_and_starts_again_at_its_port(tmp_path: Path) -> None:
    server = GemmaServer(tmp_path)
    for _ in range(2):
        with server:
            assert server.ready()
        assert not server.ready()
    assert server.log().count("stopped") == 2
