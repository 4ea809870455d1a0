"""A scripted model that describes, instructs and captions as the prompts ask, from their words.

It reads captions and phrases out of what it is asked, so that it needs no eyes.
"""

import io
import json
import re
from collections.abc import Mapping
from typing import Any

from PIL import Image

from pairmill.adapters.chat.asking import Asker
from pairmill.core.aspects import parse_aspect
from pairmill.core.errors import RejectError
from pairmill.core.records import ImageRecord
from pairmill.ports.chat import Ask, Picture
from pairmill.ports.objects import ObjectStore
from tests.pairmill.adapters.chat.scripted_chat import ScriptedChat


def asker_of(answers: ObjectStore | None = None) -> tuple[Asker, ScriptedChat]:
    """Return an asker of the scripted model, and the model."""
    chat = ScriptedChat(reply)
    return Asker(chat, answers), chat


def pictures(image: ImageRecord) -> bytes:
    """Return the bytes of a picture; an image without a caption has none."""
    if not image.captions:
        raise RejectError("source_missing", image.keys[0])
    sink = io.BytesIO()
    Image.new("RGB", (64, 48), "orange").save(sink, "PNG")
    return sink.getvalue()


def texts_of(ask: Ask) -> str:
    """Return all words of a question."""
    return "\n".join(part for turn in ask.turns for part in turn.parts if isinstance(part, str))


def pictures_of(ask: Ask) -> list[Picture]:
    """Return all pictures of a question."""
    return [part for turn in ask.turns for part in turn.parts if isinstance(part, Picture)]


def reply(ask: Ask) -> str:
    """Answer whatever is asked."""
    assert ask.schema is not None
    wanted: Mapping[str, Any] = ask.schema["properties"]
    if "caption" in wanted:
        return json.dumps({"caption": "an orange field, plain"})
    if "shared" in wanted:
        return json.dumps(_compared(texts_of(ask)))
    (said,) = re.findall(r"(?:Only the second|둘째에만): (.*)", texts_of(ask))[-1:]
    told = " and ".join(parse_aspect(phrase).text for phrase in said.split("; "))
    return json.dumps({
        kind: [f"{kind} {told} number {i}" + "?" * (kind == "question")
               for i in range(of_kind["minItems"])]
        for kind, of_kind in wanted.items()
    })  # fmt: skip


def _compared(text: str) -> dict[str, object]:
    query, target = (caption.split() for caption in re.findall(r"captioned: (.*)", text))
    return {
        "shared": [f"detail: {word}" for word in query if word in target],
        "only_query": [f"detail: {word}" for word in query if word not in target],
        "only_target": [f"detail: {word}" for word in target if word not in query],
        "text": "They differ in a word or two.",
    }
