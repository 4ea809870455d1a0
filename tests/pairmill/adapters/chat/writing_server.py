"""A server that describes by looking and instructs by reading, with faults mixed in.

Knows drawn pictures: one thing of one colour on white. What shall be done to a question is drawn by
a digest of its bytes, so that every run meets the same faults.
"""

import asyncio
import hashlib
import io
import json
from base64 import b64decode
from collections import Counter
from typing import Any

from PIL import Image

from pairmill.ports.chat import Ask, Turn
from tests.pairmill.adapters.chat.scripted_acts import Heard, completion, reply
from tests.pairmill.adapters.chat.scripted_server import Script, ScriptedServer
from tests.pairmill.adapters.chat.writing_model import reply as written

COLOURS = {"red": (208, 24, 24), "green": (30, 140, 50), "blue": (28, 60, 200),
           "yellow": (240, 220, 32)}  # fmt: skip
FAULTS: tuple[tuple[str, ...], ...] = (
    ("limited",), ("error",), ("reset",), ("malformed",), ("garbage",), ("error", "hang_up"),
)  # fmt: skip
"""What the first requests of a question get before it is answered."""
STAGES = ("instruct", "caption", "describe")
"""Which stage sends so many pictures."""
OUT_OF = 16
"""So many questions have one of the faults each; one more of them is refused for good."""


class WritingServer(ScriptedServer):
    """Answers what the prompts ask. stages: requests by what they asked for. faulty: whether faults
    are mixed in. refused: names of the questions that are always refused."""

    def __init__(self, script: Script | None = None, *, faulty: bool = False) -> None:
        super().__init__(script)
        self.faulty = faulty
        self.stages, self.refused = Counter[str](), set[str]()

    def took(self, wire: asyncio.Transport, headers: dict[str, str], body: bytes) -> None:
        """Answer, after the faults that the question is to meet."""
        name = hashlib.sha256(body).hexdigest()[:16]
        self.asked[name] += 1
        heard = Heard(name=name, times=self.asked[name], body=body, headers=headers)
        self.stages[STAGES[min(body.count(b'"image_url":'), 2)]] += 1
        self._keep(self._act(self._drawn(heard), heard, wire))

    async def _act(self, act: str, heard: Heard, wire: asyncio.Transport) -> None:
        if act == "answer" and not self._no_to_all(heard):
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
            await asyncio.sleep(self.script.seconds)
            self.in_flight -= 1
            wire.write(reply(200, completion(self.say(heard.json))))
        else:
            await super()._act(act, heard, wire)

    def say(self, asked: dict[str, Any]) -> str:
        """Return the answer to a request."""
        return said_to(asked)

    def _drawn(self, heard: Heard) -> str:
        number = int(heard.name, 16) % OUT_OF if self.faulty else OUT_OF
        if number == len(FAULTS):
            self.refused.add(heard.name)
            return "refused_image"
        acts = FAULTS[number] if number < len(FAULTS) else ()
        return acts[heard.times - 1] if heard.times <= len(acts) else "answer"


def said_to(asked: dict[str, Any]) -> str:
    """Return the answer to a request: what the pictures show, or instructions from the words."""
    contents = [turn["content"] for turn in asked["messages"]]
    parts = [part for content in contents if isinstance(content, list) for part in content]
    pictures = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
    if len(pictures) == 1:
        return json.dumps({"caption": f"{colour_of(pictures[0])} thing, on white"})
    if pictures:
        return json.dumps(compared(*(colour_of(uri) for uri in pictures)))
    turn = Turn(role="user", parts=tuple(content for content in contents))
    schema = asked["response_format"]["json_schema"]["schema"]
    return written(Ask(ask_id="1", turns=(turn,), schema=schema))


def compared(query: str, target: str) -> dict[str, object]:
    """Return the description of two things by their colours."""
    return {
        "shared": ["background: white"],
        "only_query": [f"colour: {query}"] if query != target else [],
        "only_target": [f"colour: {target}"] if query != target else [],
        "text": f"The first is {query}, the second is {target}.",
    }


def colour_of(uri: str) -> str:
    """Return the colour of the thing in a picture that came as a data URI."""
    with Image.open(io.BytesIO(b64decode(uri.partition(",")[2]))) as picture:
        seen = picture.convert("RGB").getpixel((22, 22))
    assert isinstance(seen, tuple)
    far = {
        name: sum(abs(a - b) for a, b in zip(seen, rgb, strict=True))
        for name, rgb in COLOURS.items()
    }
    return min(far, key=lambda name: far[name])
