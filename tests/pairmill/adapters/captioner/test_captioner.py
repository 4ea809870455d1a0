"""Captions by a model that sees the image: marked as a machine's, one outcome for each image."""

import json

from pairmill.adapters.captioner.llm import ChatCaptioner
from pairmill.adapters.chat.asking import Asker
from pairmill.config import CaptioningConfig
from pairmill.core.captions import MACHINE, MachineCaption, lend
from pairmill.core.errors import RejectError
from pairmill.core.ids import image_id
from pairmill.core.portraits import portray
from pairmill.core.records import Caption, ImageRecord
from pairmill.core.tables import from_parquet, to_parquet
from tests.pairmill.adapters.chat.scripted_chat import ScriptedChat
from tests.pairmill.adapters.chat.writing_model import asker_of, pictures, pictures_of


def record(name: str, *captions: str) -> ImageRecord:
    said = tuple(Caption(kind="tar", text=text) for text in captions)
    return ImageRecord(image_id=image_id(name.encode()), keys=(name,), captions=said)


SEEN, LOST = record("seen.jpg", " "), record("lost.jpg")


def test_every_image_has_its_outcome_in_order() -> None:
    asker, chat = asker_of()
    captioner = ChatCaptioner(asker, pictures, CaptioningConfig(), 0)
    made, lost, again = captioner.caption([SEEN, LOST, SEEN])
    assert isinstance(made, MachineCaption)
    assert made == again
    assert (made.image_id, made.kind) == (SEEN.image_id, MACHINE)
    assert made.text == made.seen == "an orange field, plain"
    assert isinstance(lost, RejectError)
    assert lost.rule == "source_missing"
    assert len(pictures_of(chat.asked[0])) == 1
    assert captioner.author.startswith(f"{chat.model} by caption/")
    assert {raw.stage for raw in asker.take_raw()} == {"caption"}


def test_a_made_caption_is_stored_lent_and_compared_like_a_person_s() -> None:
    asker, _ = asker_of()
    (made,) = ChatCaptioner(asker, pictures, CaptioningConfig(), 0).caption([SEEN])
    assert isinstance(made, MachineCaption)
    (read,) = from_parquet(MachineCaption, to_parquet(MachineCaption, [made]))
    assert read == made
    portrait = portray(lend(record("seen.jpg"), made))
    assert [part.kind for part in portrait.parts] == ["subject", "detail"]


def test_an_empty_caption_is_asked_for_again() -> None:
    said = iter(["", "  ", "a lamp"])
    chat = ScriptedChat(lambda ask: json.dumps({"caption": next(said)}))
    (made,) = ChatCaptioner(Asker(chat, None), pictures, CaptioningConfig(), 0).caption([SEEN])
    assert isinstance(made, MachineCaption)
    assert made.text == "a lamp"
    assert len(chat.asked) == 3
