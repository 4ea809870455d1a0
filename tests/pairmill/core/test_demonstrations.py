"""The pool of demonstrations is what models copy: no leak, no doublet, no worn template in it."""

from collections import Counter
from collections.abc import Iterable, Iterator

import pytest

from pairmill.core import wording
from pairmill.core.aspects import parse_aspect
from pairmill.core.prompting.demonstrations import (
    ASKS,
    INSTRUCT,
    RELATE,
    TELL,
    Demonstration,
    draw,
    pool,
)
from pairmill.core.prompting.describe import KINDS
from pairmill.core.synthesis import COMMAND, PHRASE, QUESTION, SENTENCE

ENGLISH, KOREAN = pool("en"), pool("ko")
ALL = [pytest.param(one, id=f"{code}: {one.about}")
       for code in ("en", "ko") for one in pool(code)]  # fmt: skip
BOTH = pytest.mark.parametrize("one", ALL)
IN_ENGLISH = pytest.mark.parametrize("one", ENGLISH, ids=lambda one: one.about)


def atoms(phrases: Iterable[str]) -> frozenset[str]:
    """Return the content words of phrases, their kinds left out."""
    return frozenset().union(*(wording.atoms(parse_aspect(phrase).text) for phrase in phrases))


def texts(one: Demonstration, *asks: str) -> Iterator[tuple[str, str]]:
    """Yield kind and text of all that was written for some asks."""
    for ask in asks:
        for kind, of_kind in one.written[ask].items():
            for text in of_kind:
                yield kind, text


def num_words(text: str) -> int:
    return len(text.split())


def test_there_are_fifty_in_english_and_fifteen_or_more_in_korean() -> None:
    assert len(ENGLISH) == 50
    assert len(KOREAN) >= 15


@pytest.mark.parametrize("found", [ENGLISH, KOREAN], ids=["en", "ko"])
def test_nothing_stands_twice_in_a_pool(found: tuple[Demonstration, ...]) -> None:
    said = [text.casefold().rstrip(".?!") for one in found for _, text in texts(one, *ASKS)]
    said += [one.text.casefold() for one in found]
    assert [text for text, times in Counter(said).items() if times > 1] == []
    assert len({one.about for one in found}) == len(found)


@BOTH
def test_every_one_has_three_instructions_of_different_kinds(one: Demonstration) -> None:
    said = list(texts(one, INSTRUCT))
    assert len(said) >= 3
    assert {kind for kind, _ in said} == {COMMAND, PHRASE, QUESTION}
    assert set(one.written[TELL]) == {PHRASE, SENTENCE}
    assert set(one.written[RELATE]) == {COMMAND, PHRASE}


@BOTH
def test_a_text_looks_like_its_kind(one: Demonstration) -> None:
    for kind, text in texts(one, *ASKS):
        assert text == " ".join(text.split())
        assert (kind == QUESTION) == text.endswith("?"), text
        assert (kind == SENTENCE) == text.endswith("."), text


@BOTH
def test_the_lengths_of_its_instructions_differ(one: Demonstration) -> None:
    lengths = [len(text) for _, text in texts(one, INSTRUCT)]
    assert max(lengths) >= 1.4 * min(lengths), lengths


@BOTH
def test_a_description_has_all_its_sides_in_known_kinds(one: Demonstration) -> None:
    for side in (one.shared, one.only_query, one.only_target):
        assert side
        assert {parse_aspect(phrase).kind for phrase in side} <= KINDS
    assert one.about
    assert not {*one.only_query} & {*one.only_target, *one.shared}


@IN_ENGLISH
def test_no_text_holds_a_word_that_only_the_query_image_has(one: Demonstration) -> None:
    only_query = atoms(one.only_query) - atoms(one.only_target + one.shared)
    assert only_query
    for _, text in texts(one, *ASKS):
        assert wording.atoms(text) & only_query == set(), text


@IN_ENGLISH
def test_an_instruction_does_not_name_the_shared_subject(one: Demonstration) -> None:
    subjects = [phrase for phrase in one.shared if parse_aspect(phrase).kind == "subject"]
    named = atoms(subjects) - atoms(one.only_target)
    for _, text in texts(one, INSTRUCT):
        assert wording.atoms(text) & named == set(), text


@IN_ENGLISH
def test_a_request_for_what_is_related_names_nothing_of_the_target(one: Demonstration) -> None:
    only_target = atoms(one.only_target) - atoms(one.shared)
    for _, text in texts(one, RELATE):
        assert wording.atoms(text) & only_target == set(), text


@IN_ENGLISH
def test_a_text_on_the_target_names_what_is_its_own_and_compares_nothing(
    one: Demonstration,
) -> None:
    own = atoms(one.only_target) - atoms(one.only_query + one.shared)
    for _, text in texts(one, TELL):
        assert wording.atoms(text) & own, text
        assert {"same", "instead", "first", "second"} & wording.atoms(text) == set(), text


@IN_ENGLISH
def test_most_instructions_name_what_is_the_target_s_own(one: Demonstration) -> None:
    told = atoms([*one.only_target, *(text for _, text in texts(one, TELL))])
    own = told - atoms(one.shared)
    hits = [bool(wording.atoms(text) & own) for _, text in texts(one, INSTRUCT)]
    assert sum(hits) >= 1, "the rest may say it in other words"


@IN_ENGLISH
def test_a_description_in_sentences_is_as_long_as_models_make_them(one: Demonstration) -> None:
    assert 40 <= num_words(one.text) <= 75
    assert one.text.startswith("Both ")


@pytest.mark.parametrize("one", KOREAN, ids=lambda one: one.about)
def test_no_korean_text_holds_a_stem_that_only_the_query_image_has(one: Demonstration) -> None:
    assert one.hidden
    for _, text in texts(one, *ASKS):
        assert [stem for stem in one.hidden if stem in text] == [], text


@pytest.mark.parametrize("one", KOREAN, ids=lambda one: one.about)
def test_korean_texts_are_korean(one: Demonstration) -> None:
    for _, text in texts(one, *ASKS):
        letters = [c for c in text if c.isalpha()]
        korean = [c for c in letters if "가" <= c <= "힣"]
        assert len(korean) >= 0.5 * len(letters), text


def test_korean_ones_begin_from_descriptions_in_either_language() -> None:
    in_korean = [any("가" <= c <= "힣" for c in one.text) for one in KOREAN]
    assert 5 <= sum(in_korean) <= len(KOREAN) - 5


def test_no_way_to_begin_is_worn_out() -> None:
    said = [text.casefold().split() for one in ENGLISH for _, text in texts(one, INSTRUCT)]
    first_two = Counter(" ".join(words[:2]) for words in said)
    first_three = Counter(" ".join(words[:3]) for words in said)
    assert first_two.most_common(1)[0][1] <= 6
    assert first_three.most_common(1)[0][1] <= 3


def test_instructions_of_all_lengths_occur_in_every_kind() -> None:
    for kind in (COMMAND, PHRASE, QUESTION):
        lengths = sorted(
            num_words(text) for one in ENGLISH for k, text in texts(one, INSTRUCT) if k == kind
        )
        assert lengths[0] <= 5
        assert lengths[-1] >= 15
        assert len(set(lengths)) >= 10


def test_the_longest_is_not_always_of_one_kind() -> None:
    longest: Counter[str] = Counter()
    for one in ENGLISH:
        lengths = {kind: len(text) for kind, text in texts(one, INSTRUCT)}
        longest[max(lengths, key=lengths.__getitem__)] += 1
    assert min(longest.values()) >= 8, longest


def test_pair_and_seed_alone_decide_which_are_drawn() -> None:
    five = draw("en", "ab", seed=0, count=5)
    assert len({one.about for one in five}) == 5
    assert draw("en", "ab", seed=0, count=5) == five
    assert draw("en", "ab", seed=1, count=5) != five
    assert draw("en", "ac", seed=0, count=5) != five
    assert draw("ko", "ab", seed=0, count=0) == ()


def test_all_are_drawn_about_equally_often() -> None:
    drawn = Counter(
        one.about for i in range(2000) for one in draw("en", f"pair {i}", seed=0, count=5)
    )
    assert len(drawn) == 50
    assert min(drawn.values()) > 140  # 200 each on average, standard deviation 13
    assert max(drawn.values()) < 260
