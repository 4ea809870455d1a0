"""Put the question what one image shows, and read the answer's value. Knows no model, no pixel."""

from collections.abc import Mapping
from typing import Any

from pairmill.core.captions import SENTENCE, MachineCaption
from pairmill.core.prompting.prompts import Filled, load_prompt
from pairmill.core.records import Caption, ImageRecord

MAX_CHARS = 300
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {"caption": {"type": "string", "minLength": 3, "maxLength": MAX_CHARS}},
    "required": ["caption"],
    "additionalProperties": False,
}


def ask_for_caption() -> Filled:
    """Return the question, with a place for the picture `image`."""
    prompt = load_prompt("caption")
    return Filled(
        version=prompt.version, system=prompt.fill("system"), user=prompt.parts("user")
    )  # fmt: skip


def caption_of(image: ImageRecord, value: Mapping[str, Any]) -> MachineCaption:
    """Return the caption of an answer that fits the schema; it has one part, itself."""
    text = " ".join(value["caption"].split())
    part = Caption(kind=SENTENCE, text=text)
    return MachineCaption(image_id=image.image_id, text=text, seen=text, parts=(part,))
