"""Nothing leaks: whatever two images say of themselves, no instruction gives the query away."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from pairmill.core.describing import describe_pair
from pairmill.core.errors import RejectError
from pairmill.core.ids import pair_id
from pairmill.core.instructing import write_instructions
from pairmill.core.lexicon import words
from pairmill.core.portraits import portray
from pairmill.core.records import Caption, ImageRecord, Pair

CLOSED = words(
    "a an the of in on at with as by for from to and or but it its this that these them there is "
    "are be do does can could would may i me you what how where if like into only"
)
"""The test's own idea of words that give nothing away."""


def pair_of(query: str, target: str) -> Pair:
    return Pair(pair_id=pair_id(query, target), query_id=query, target_id=target,
                relations=(), negatives=(query,))  # fmt: skip


NOUNS = sorted(words("taco sushi apples apple fish man one same picture show style frame look"))
ADJECTIVES = sorted(words("red blue dotted big old well-made medium-dark kept"))
STYLES = ["flat drawing", "3D render", "photo", "watercolour", "neon sign"]
EXTRAS = ["with a hat", "dark skin tone", "on a table", "walking", "in a row", "the very same"]

captions = st.builds(
    lambda count, adjectives, noun, rest: ", ".join(
        [" ".join([count, *adjectives, noun]).strip(), *rest]
    ),
    st.sampled_from(["", "a", "three", "one"]),
    st.lists(st.sampled_from(ADJECTIVES), max_size=2),
    st.sampled_from(NOUNS),
    st.lists(st.sampled_from(STYLES + EXTRAS), max_size=2),
)
images = st.builds(
    lambda texts, colour, style: ImageRecord(
        image_id=repr((texts, colour, style)),
        keys=("k",),
        captions=tuple(Caption(kind="table", text=text) for text in texts),
        attributes={"colour": colour, "style": style},
    ),
    st.lists(captions, max_size=2),
    st.lists(st.sampled_from(["red", "blue", "dark red"]), max_size=1).map(tuple),
    st.lists(st.sampled_from(STYLES), max_size=1).map(tuple),
)


def said_of(image: ImageRecord) -> set[str]:
    texts = [caption.text for caption in image.captions]
    texts += [value for values in image.attributes.values() for value in values]
    found = (word.rstrip("s") for word in re.findall(r"[a-z0-9]+", " ".join(texts).lower()))
    return set(found) - CLOSED


@settings(max_examples=400)
@given(images, images, st.integers(0, 3))
def test_no_instruction_holds_a_content_word_that_only_the_query_has(
    query: ImageRecord, target: ImageRecord, seed: int
) -> None:
    try:
        description = describe_pair(
            pair_of(query.image_id, target.image_id), portray(query), portray(target),
            max_differences=9, author="test",
        )  # fmt: skip
        found = write_instructions(description, per_pair=3, max_chars=300, seed=seed)
    except RejectError:
        return
    secret = said_of(query) - said_of(target)
    assert len(set(found)) == 3
    for text in found:
        held = {word.rstrip("s") for word in re.findall(r"[a-z0-9]+", text.lower())}
        assert not held & secret, (text, secret)
        assert len(text) <= 300
        assert not set("{}\n") & set(text)


RULES = ("no_text", "nothing_differs", "nothing_to_name", "too_different", "too_long",
         "too_few_wordings")  # fmt: skip


@settings(max_examples=300)
@given(st.text(max_size=80), st.text(max_size=80))
def test_any_two_captions_end_in_instructions_or_a_reject(one: str, other: str) -> None:
    records = [
        ImageRecord(image_id=name, keys=(), captions=(Caption(kind="table", text=text),))
        for name, text in (("q", one), ("t", other))
    ]
    try:
        description = describe_pair(
            pair_of("q", "t"),
            portray(records[0]),
            portray(records[1]),
            max_differences=4,
            author="test",
        )
        found = write_instructions(description, per_pair=3, max_chars=300, seed=0)
        outcome = f"{len(found)} instructions"
    except RejectError as error:
        outcome = error.rule
    assert outcome in ("3 instructions", *RULES)
