"""Put the question what a pair's images share and differ in, and read the answer's value.

Knows records and the prompt's sections; knows no model, no pixel and no cache.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pairmill.core.aspects import ALSO, DETAIL
from pairmill.core.errors import RejectError
from pairmill.core.ids import generator
from pairmill.core.prompting.prompts import Filled, load_prompt
from pairmill.core.records import Description, ImageRecord, Pair

MAX_CAPTION_CHARS, MAX_PHRASES, MAX_PHRASE_CHARS, MAX_TEXT_CHARS = 400, 12, 120, 1500

KINDS = frozenset((
    "subject", "person", "action", "colour", "size", "texture", "material", "count", "trait",
    "style", "background", "arrangement", "weather", "season", "time of day", "detail",
))  # fmt: skip
"""The kinds of phrases that the prompt names; a model may name others."""

_PHRASES = {
    "type": "array", "maxItems": MAX_PHRASES,
    "items": {"type": "string", "minLength": 1, "maxLength": MAX_PHRASE_CHARS},
}  # fmt: skip
_SIDES = ("shared", "only_query", "only_target")
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        **dict.fromkeys(_SIDES, _PHRASES),
        "text": {"type": "string", "minLength": 1, "maxLength": MAX_TEXT_CHARS},
    },
    "required": [*_SIDES, "text"],
    "additionalProperties": False,
}


@dataclass(frozen=True, kw_only=True)
class DescribeOptions:
    """words: bounds, both included, between which each pair's word limit is drawn (MegaPairs,
    appendix A: 60 to 100). captions: whether the model also reads the images' first captions."""

    words: tuple[int, int]
    captions: bool
    seed: int


def describe_version() -> str:
    """Return the prompt's version."""
    return load_prompt("describe").version


def ask_to_describe(
    pair: Pair, query: ImageRecord, target: ImageRecord, options: DescribeOptions
) -> Filled:
    """Return the question, with places for the pictures `query` and `target`."""
    prompt = load_prompt("describe")
    words = draw_words(pair.pair_id, options)
    said = [image.caption if options.captions else "" for image in (query, target)]
    query_said, target_said = (" ".join(text.split())[:MAX_CAPTION_CHARS] for text in said)
    return Filled(
        version=prompt.version,
        system=prompt.fill("system", words=words),
        user=prompt.parts(
            "user", words=words, query_caption=query_said, target_caption=target_said
        ),
    )


def draw_words(pair_id: str, options: DescribeOptions) -> int:
    """Return the pair's word limit, which only seed and pair decide."""
    low, high = options.words
    return int(generator(options.seed, "words", pair_id).integers(low, high + 1))


def description_of(pair: Pair, value: Mapping[str, Any], author: str) -> Description:
    """Return the description of an answer that fits the schema.

    Raises RejectError: `nothing_differs` where neither image has anything of its own;
    `nothing_to_name` where only the query image has.
    """
    shared, only_query, only_target = _sides(value)
    if not only_target:
        if only_query:
            raise RejectError("nothing_to_name", only_query[0])
        raise RejectError("nothing_differs", "the model found no difference")
    return Description(
        pair=pair,
        shared=shared,
        only_query=only_query,
        only_target=only_target,
        text=" ".join(value["text"].split()),
        author=author,
    )


def _sides(value: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    """Return the phrases of all three sides. What stands on both images' own sides, or is shared
    too, is no difference."""
    shared, query, target = (_phrases(value[side]) for side in _SIDES)
    mine, theirs = {*shared, *target}, {*shared, *query}
    return (
        shared,
        tuple(phrase for phrase in query if phrase not in mine),
        tuple(phrase for phrase in target if phrase not in theirs),
    )


def _phrases(found: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_phrase(" ".join(phrase.split())) for phrase in found))


def _phrase(phrase: str) -> str:
    """Return a phrase as the rules write them. A colon may also belong to what is said ("the words
    NOW: SALE"); and `also`, for words that nobody may say, is the rules' own kind."""
    kind, colon, text = (part.strip() for part in phrase.partition(":"))
    small = kind.casefold()
    if not colon or not text:
        return phrase
    if small == ALSO:
        return f"{DETAIL}: {text}"
    is_kind = small in KINDS or (kind == small and len(kind.split()) <= 2)
    return f"{small}: {text}" if is_kind else f"{DETAIL}: {phrase}"
