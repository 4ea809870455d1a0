"""Instructions by rules: how many, how different, how fluent, and that nothing leaks."""

import re

import pytest

from pairmill.core.aspects import parse_aspect
from pairmill.core.errors import RejectError
from pairmill.core.frames import FORMS, FRAMES, IN_STYLE, LEADS, ORDER
from pairmill.core.ids import pair_id
from pairmill.core.instructing import VARIETIES, wording_of, write_instructions
from pairmill.core.phrases import WORDINGS
from pairmill.core.records import Description, Pair


def pair_of(query: str, target: str) -> Pair:
    return Pair(pair_id=pair_id(query, target), query_id=query, target_id=target,
                relations=(), negatives=(query,))  # fmt: skip


def described(*only_target: str, query: tuple[str, ...] = (), name: str = "q") -> Description:
    return Description(pair=pair_of(name, "t"), shared=(), only_query=query,
                       only_target=only_target, text="", author="test")  # fmt: skip


def write(description: Description, per_pair: int = 3, max_chars: int = 300, seed: int = 0
          ) -> tuple[str, ...]:  # fmt: skip
    return write_instructions(description, per_pair=per_pair, max_chars=max_chars, seed=seed)


ASPECTS = (
    "subject: taco", "person: woman", "action: walking", "colour: red", "size: small",
    "texture: dotted", "trait: open", "count: three", "count: one", "style: pencil sketch",
    "style: flat", "background: brick wall", "background: on a beach", "arrangement: scattered",
    "arrangement: in a row", "material: wood", "detail: red hat", "detail: with a hat",
    "skin tone: dark", "sleeve length: short",
)  # fmt: skip


@pytest.mark.parametrize("aspect", ASPECTS)
def test_every_kind_has_twenty_wordings_in_three_forms(aspect: str) -> None:
    found = write(described(aspect), per_pair=20)
    assert len({text.casefold() for text in found}) == 20
    questions = [text for text in found if text.endswith("?")]
    assert 5 <= len(questions) <= 8


@pytest.mark.parametrize("lead", ["subject: taco", "person: woman", "colour: red"])
def test_several_differences_have_twenty_wordings_too(lead: str) -> None:
    found = write(described(lead, "style: pencil sketch", "skin tone: dark"), per_pair=20)
    assert len(found) == 20
    value = lead.partition(": ")[2]
    assert all(
        value in text and "a pencil sketch" in text and "skin tone" in text for text in found
    )


def test_wordings_of_three_instructions_take_the_three_forms() -> None:
    for number in range(30):
        found = write(described("colour: red", name=f"q{number}"))
        assert sum(text.endswith("?") for text in found) == 1


def test_what_is_said_and_the_seed_decide_the_wording() -> None:
    first = write(described("colour: red"))
    assert write(described("colour: red")) == first
    others = {write(described("colour: red"), seed=seed) for seed in range(1, 6)}
    assert len(others) > 4


def test_pairs_that_say_the_same_share_a_few_sets_of_wordings() -> None:
    sets = {write(described("colour: red", name=str(number))) for number in range(60)}
    assert len(sets) == VARIETIES


def test_a_wording_with_a_word_of_the_source_is_passed_over() -> None:
    taken = ("count: one", "also: same show version style way picture well-made colour")
    for number in range(20):
        found = write(described("colour: red", query=taken, name=str(number)), per_pair=10)
        for text in found:
            assert not {"one", "same", "show", "version", "made", "colour"} & set(
                re.findall(r"\w+", text)
            )


def test_too_few_wordings_is_a_reject_with_their_number() -> None:
    every = " ".join(re.findall(r"\w+", str((FRAMES, WORDINGS["trait"], LEADS))))
    with pytest.raises(RejectError) as error:
        write(described("trait: open", query=(f"also: {every}",)), per_pair=20)
    assert error.value.rule == "too_few_wordings"
    assert int(error.value.value) < 20


def test_too_long_is_a_reject_with_the_shortest_length() -> None:
    with pytest.raises(RejectError) as error:
        write(described("subject: " + "very " * 80 + "long taco"))
    assert error.value.rule == "too_long"
    assert 400 < int(error.value.value) < 430


def test_nothing_on_the_target_side_is_a_reject() -> None:
    with pytest.raises(RejectError, match="nothing_to_name"):
        write(described(query=("colour: red",)))


@pytest.mark.parametrize(
    ("aspect", "never"),
    [("style: pencil sketch", "pencil sketch style"), ("skin tone: dark skin tone", "tone skin"),
     ("subject: scissors", "a scissors"), ("count: one", "one of them of")],
)  # fmt: skip
def test_known_blunders_do_not_return(aspect: str, never: str) -> None:
    assert not any(never in text for text in write(described(aspect), per_pair=20))


def test_a_shared_style_is_kept_behind_a_pronoun() -> None:
    texts: set[str] = set()
    for number in range(150):
        both = Description(pair=pair_of(f"q{number}", "t"), shared=("style: 3D render",),
                           only_query=("subject: taco",), only_target=("subject: sushi",),
                           text="", author="test")  # fmt: skip
        texts.update(write(both, seed=number))
    assert "sushi in this style" in texts
    assert not any("3D" in text or "taco" in text for text in texts)


def test_every_aspect_finds_a_wording_and_every_wording_its_place() -> None:
    assert set(ORDER) == set(WORDINGS)
    assert {wording_of(parse_aspect(aspect)) for aspect in ASPECTS} == set(WORDINGS)
    assert wording_of(parse_aspect("the man has a hat")) == "detail"


def test_templates_name_only_what_they_may() -> None:
    frames = [t for table in (FRAMES, LEADS, IN_STYLE) for form in FORMS for t in table[form]]
    assert all(t.count("{m}") == 1 for t in frames)
    for table in (FRAMES, LEADS):
        assert all(len(table[form]) >= 12 for form in FORMS)
    for entry in WORDINGS.values():
        own = [t for form in FORMS for t in getattr(entry, form)]
        assert len(own) == len(set(own))
        assert all(re.search(r"\{[vax]\}", t) or entry is WORDINGS["single"]
                   for t in (*entry.modifiers, *own))  # fmt: skip
