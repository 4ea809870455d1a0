"""What captions alone tell, without any attribute: what reads well of the words that differ."""

import pytest

from pairmill.core.describing import describe_pair
from pairmill.core.portraits import portray
from pairmill.core.records import Caption, ImageRecord, Pair

PAIR = Pair(pair_id="p", query_id="q", target_id="t", relations=(), negatives=("q",))

CAPTIONS = [
    ("man mechanic, 3D render", "woman mechanic, 3D render", ("person: woman",)),
    ("taco, 3D render", "sushi, 3D render", ("subject: sushi",)),
    ("department store", "convenience store", ("subject: convenience store",)),
    ("face", "face with tears of joy", ("detail: with tears of joy",)),
    ("open mailbox with lowered flag", "open mailbox with raised flag",
     ("detail: with raised flag",)),
    ("man running", "man walking", ("action: walking",)),
    ("index pointing left", "index pointing right", ("action: pointing right",)),
    ("woman curly hair", "woman white hair", ("detail: white hair",)),
    ("woman factory worker", "woman office worker", ("subject: office worker",)),
    ("woman curly hair", "woman bald", ("trait: bald",)),
    ("man running", "man scientist", ("subject: scientist",)),
    ("red heart", "blue heart", ("colour: blue",)),
    ("large blue diamond", "small orange diamond", ("size: small", "colour: orange")),
    ("one-thirty", "two-thirty", ("subject: two-thirty",)),
    ("keycap 3", "keycap 7", ("subject: keycap 7",)),
    ("no smoking", "no entry", ("subject: no entry",)),
    ("three birds on a wire", "five birds on a wire", ("count: five",)),
    ("a photo of a dress", "a photo of a skirt", ("subject: skirt",)),
    ("a photo of a fox", "a pencil sketch of a fox", ("style: pencil sketch",)),
    ("a fox, photo", "a fox, drawn as a watercolour", ("style: watercolour",)),
    ("A man is riding a wave.", "A woman is riding a wave.", ("person: woman",)),
    ("a dress with long sleeves", "a dress with short sleeves", ("detail: with short sleeves",)),
    ("taco; flat drawing", "taco; dark skin tone; flat drawing", ("detail: dark skin tone",)),
    ("a cat and a dog", "a cat and a red ball", ("detail: red ball",)),
]  # fmt: skip


@pytest.mark.parametrize(("query", "target", "expected"), CAPTIONS)
def test_captions_alone_tell_what_only_the_target_has(
    query: str, target: str, expected: tuple[str, ...]
) -> None:
    one, other = (
        portray(ImageRecord(image_id="i", keys=(), captions=(Caption(kind="table", text=text),)))
        for text in (query, target)
    )
    found = describe_pair(PAIR, one, other, max_differences=4, author="test")
    assert found.only_target == expected
