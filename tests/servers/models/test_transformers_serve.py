"""Pictures go over HTTP to a real server of a model that sees, `transformers serve`.

Its weights are noise, so that is what it says. What counts is that questions are taken, pictures
arrive whole, answers come back with their tokens, and every pair ends once.
"""

import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pairmill.adapters.chat.asking import Asker
from pairmill.adapters.chat.openai import OpenAIChat
from pairmill.adapters.describer.llm import ChatDescriber
from pairmill.adapters.objects.folder import FolderObjects
from pairmill.config import DescribingConfig
from pairmill.config.chat import ChatConfig
from pairmill.core.errors import ConfigError, RejectError
from pairmill.core.ids import image_id, pair_id
from pairmill.core.records import ImageRecord, Pair
from pairmill.core.synthesis import RawAnswer
from pairmill.ports.chat import Answer, Ask, Picture, Turn
from pairmill.ports.describer import PairView
from tests.servers.models.checkpoint import SQUARE
from tests.servers.models.running import TransformersServer

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]

SIZES = ((2, 2), (3, 2), (2, 4), (4, 3), (3, 3), (5, 2), (1, 4), (4, 4))
"""Of the pictures, in squares."""
COLOURS = ("red", "green", "blue", "orange")
Outcomes = list[tuple[PairView, Any]]


def picture(colour: str, size: tuple[int, int] = (3, 2)) -> bytes:
    sink = io.BytesIO()
    Image.new("RGB", (SQUARE * size[0], SQUARE * size[1]), colour).save(sink, "PNG")
    return sink.getvalue()


IMAGES = {
    image_id(data): (data, size)
    for number, size in enumerate(SIZES)
    for data in [picture(COLOURS[number % len(COLOURS)], size)]
}


def views() -> list[PairView]:
    """Return a dozen pairs of the pictures."""
    records = [ImageRecord(image_id=name, keys=(name,)) for name in IMAGES]
    return [
        PairView(
            pair=Pair(pair_id=pair_id(one.image_id, other.image_id), query_id=one.image_id,
                      target_id=other.image_id, relations=(), negatives=()),
            query=one, target=other,
        )
        for step, count in ((1, 8), (3, 4))
        for one, other in zip(records[:count], records[step:] + records[:step], strict=False)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TransformersServer]:
    with TransformersServer(tmp_path_factory.mktemp("transformers")) as server:
        yield server


@pytest.fixture(scope="module")
def chat(server: TransformersServer) -> OpenAIChat:
    return OpenAIChat(chat_config(server))


def chat_config(server: TransformersServer, **values: Any) -> ChatConfig:
    return ChatConfig.model_validate(
        {"model": server.model, "base_url": server.url, "concurrency": 3, **values}
    )


def described(chat: OpenAIChat, folder: Path) -> tuple[Outcomes, tuple[RawAnswer, ...]]:
    """Describe all pairs; return the outcomes, and the answers as they came."""
    config = DescribingConfig.model_validate(
        {"describer": "llm", "words": (70, 70), "asking": {"max_tokens": 24, "repairs": 1}}
    )
    asker = Asker(chat, FolderObjects(folder))
    describer = ChatDescriber(asker, lambda image: IMAGES[image.image_id][0], config, 0)
    found = list(describer.each(views()))
    return found, asker.take_raw()


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("answers")


@pytest.fixture(scope="module")
def outcomes(chat: OpenAIChat, answers: Path) -> tuple[Outcomes, tuple[RawAnswer, ...]]:
    return described(chat, answers)


def test_every_pair_ends_once_as_a_description_or_a_reject(
    chat: OpenAIChat, answers: Path, outcomes: tuple[Outcomes, tuple[RawAnswer, ...]]
) -> None:
    found, raw = outcomes
    asked = Counter(view.pair.pair_id for view in views())
    assert len(asked) == 12
    assert Counter(view.pair.pair_id for view, _ in found) == asked
    rules = {outcome.rule for _, outcome in found if isinstance(outcome, RejectError)}
    assert rules <= {"bad_answer", "nothing_differs", "nothing_to_name"}
    assert {one.record_id for one in raw} == set(asked)
    assert all(1 <= one.completion_tokens <= 24 for one in raw)
    again, kept = described(chat, answers)
    assert [one.text for one in kept] == [one.text for one in raw]
    assert {view.pair.pair_id for view, _ in again} == set(asked)


def test_both_pictures_of_every_pair_arrive_in_their_own_size(
    outcomes: tuple[Outcomes, tuple[RawAnswer, ...]],
) -> None:
    squares, words = set(), set()
    for view in views():
        sizes = [IMAGES[image.image_id][1] for image in (view.query, view.target)]
        squares.add(sum(width * height for width, height in sizes))
        # the question itself is the shortest: a repair shows the faulty answer, too
        tokens = min(one.prompt_tokens for one in outcomes[1] if one.record_id == view.pair.pair_id)
        words.add(tokens - sum(width * height for width, height in sizes))
    assert len(squares) > 5
    assert len(words) == 1, "beside the pictures, all were asked in as many words"


def test_another_picture_is_answered_otherwise_and_the_same_one_alike(chat: OpenAIChat) -> None:
    asks = [
        Ask(ask_id=f"{colour} {number}", max_tokens=16, turns=(
            Turn(role="user", parts=("What is it?", Picture(data=picture(colour),
                                                           media_type="image/png"))),))
        for colour in COLOURS for number in range(2)
    ]  # fmt: skip
    said: dict[str, set[str]] = {}
    for ask, outcome in chat.answer(asks):
        assert isinstance(outcome, Answer)
        said.setdefault(ask.ask_id.split()[0], set()).add(outcome.text)
    assert [len(texts) for texts in said.values()] == [1] * len(COLOURS)
    assert len(set.union(*said.values())) == len(COLOURS)


def test_what_is_no_picture_ends_as_a_reject_and_takes_no_other_with_it(
    server: TransformersServer,
) -> None:
    chat = OpenAIChat(chat_config(server, attempts=2, backoff_seconds=0.01))
    asks = [Ask(ask_id=name, max_tokens=8, turns=(
        Turn(role="user", parts=("What is it?", Picture(data=data, media_type="image/png"))),))
        for name, data in (("good", picture("red")), ("bad", b"no picture"),
                           ("fine", picture("blue")))]  # fmt: skip
    found = {ask.ask_id: outcome for ask, outcome in chat.answer(asks)}
    assert isinstance(found["bad"], RejectError)
    assert isinstance(found["good"], Answer)
    assert isinstance(found["fine"], Answer)


def test_a_model_that_it_does_not_serve_stops_the_run(server: TransformersServer) -> None:
    chat = OpenAIChat(chat_config(server, model="another/model"))
    asks = [Ask(ask_id="one", turns=(Turn(role="user", parts=("Hello",)),))]
    with pytest.raises(ConfigError):
        list(chat.answer(asks))
