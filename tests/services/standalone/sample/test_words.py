"""Judged by key words written here, not by the tables that the wordings are drawn from."""

import re

from services.standalone.sample.benchmark import Query
from services.standalone.sample.captions import caption
from services.standalone.sample.families import Entry
from services.standalone.sample.looks import ATTRIBUTES, Look, value
from services.standalone.sample.seeds import generator
from services.standalone.sample.words import with_article

# Where the value itself need not stand in the text, a pattern that must.
KEYS = {
    "one": r"an?|one|single",
    "striped": r"striped|stripes",
    "dotted": r"dotted|dots",
    "gradient": r"gradient",
    "hatched": r"hatched",
    "zigzag": r"zigzag",
    "alone": r"alone|by itself|on its own",
    "in a row": r"row",
    "stacked": r"stack|stacked",
    "diagonal": r"diagonal|diagonally",
    "in a circle": r"circle",
    "leaf": r"leaf|leaves",
    "cactus": r"cactus|cacti",
    "butterfly": r"butterfly|butterflies",
}


def names(text: str, look: Look, attribute: str) -> bool:
    own = value(look, attribute)
    pattern = KEYS.get(own, re.escape(own) + ("s?" if attribute == "object" else ""))
    return re.search(rf"\b({pattern})\b", text) is not None


def test_captions_name_every_attribute(corpus: list[Entry]) -> None:
    for entry in corpus:
        text = caption(entry.look, generator(entry.key))
        missing = [name for name in ATTRIBUTES if not names(text, entry.look, name)]
        assert not missing, (text, entry.look)


def test_captions_of_one_look_are_worded_in_many_ways(corpus: list[Entry]) -> None:
    told = {caption(corpus[0].look, generator(i)) for i in range(50)}
    assert len(told) > 30


def test_an_instruction_never_says_what_the_query_shows_instead(
    gallery: list[Entry], asked: list[Query]
) -> None:
    looks = {entry.key: entry.look for entry in gallery}
    for query in asked:
        look = looks[query.query_image]
        assert not names(query.instruction, look, query.task), (query.instruction, look)
        assert not names(query.instruction, look, "object"), (query.instruction, look)


def test_an_instruction_says_what_the_target_shows(
    gallery: list[Entry], asked: list[Query]
) -> None:
    looks = {entry.key: entry.look for entry in gallery}
    for query in asked:
        assert names(query.instruction, looks[query.targets[0]], query.task), query
        assert not set("{}") & set(query.instruction)


def test_instructions_are_worded_in_several_ways(asked: list[Query]) -> None:
    told = {query.instruction for query in asked if query.task == "colour"}
    assert len(told) > 30
    assert any(text.startswith("the same in ") for text in told)


def test_articles_follow_the_sound() -> None:
    assert with_article("owl") == "an owl"
    assert with_article("watercolour") == "a watercolour"
    assert with_article("pixel art") == "pixel art"
