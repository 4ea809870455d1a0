"""Plain demonstrations for small models: fit, without leaks, and drawn where a run wants them."""

import pytest

from pairmill.config import parse_config
from pairmill.core import wording
from pairmill.core.aspects import parse_aspect
from pairmill.core.errors import ConfigError
from pairmill.core.prompting.demonstrations import INSTRUCT, Demonstration, pool
from pairmill.core.prompting.describe import KINDS
from pairmill.core.prompting.instruct import InstructOptions, ask_to_write, instruct_version
from pairmill.core.records import Description, Pair
from pairmill.core.synthesis import COMMAND, PHRASE, QUESTION

PLAIN = pool("en_plain")
CHAIR = Description(
    pair=Pair(pair_id="p", query_id="q", target_id="t", relations=(), negatives=()),
    shared=("subject: chair",), only_query=("material: rattan",), only_target=("material: steel",),
    text="Both are chairs.", author="rules/1",
)  # fmt: skip


def asked(shows: str, kind: str = "plain") -> str:
    options = InstructOptions(per_pair=3, max_chars=300, num_demonstrations=8, shows=shows, seed=0,
                              pool=kind)  # fmt: skip
    (user,) = ask_to_write(INSTRUCT, "en", CHAIR, options).user
    assert isinstance(user, str)
    return user


def words(*phrases: str) -> frozenset[str]:
    return frozenset().union(*(wording.atoms(parse_aspect(phrase).text) for phrase in phrases))


def test_each_says_what_is_wanted_and_leaks_nothing() -> None:
    assert len(PLAIN) == 15
    texts = [text for one in PLAIN for of in one.written[INSTRUCT].values() for text in of]
    assert len(set(texts)) == len(texts) == 45
    for one in PLAIN:
        assert list(one.written[INSTRUCT]) == [COMMAND, PHRASE, QUESTION]
        assert {parse_aspect(p).kind for p in (*one.shared, *one.only_query)} <= KINDS | {
            "skin tone"
        }
        for kind, of_kind in one.written[INSTRUCT].items():
            for text in of_kind:
                assert not words(text) & (words(*one.only_query) - words(*one.only_target)), text
                assert (kind == QUESTION) == text.endswith("?")


def test_a_run_that_wants_them_shows_them_and_no_others() -> None:
    def shown(pool_: tuple[Demonstration, ...], user: str) -> int:
        return sum(one.written[INSTRUCT][COMMAND][0] in user for one in pool_)

    assert shown(PLAIN, asked("phrases")) == 8
    assert shown(PLAIN, asked("phrases", "fine")) == 0
    assert shown(pool("en"), asked("phrases", "fine")) == 8


def test_shown_the_target_alone_a_model_cannot_tell_the_source() -> None:
    user = asked("target")
    assert "Only the first" not in user
    assert "rattan" not in user
    assert user.endswith("Both: subject: chair\nOnly the second: material: steel\nRequests:")
    assert "material: rattan" in asked("phrases")


def test_another_pool_is_another_version() -> None:
    versions = {instruct_version(INSTRUCT, "en", folder) for folder in ("", "en", "en_plain")}
    assert len(versions) == 2


def test_they_are_refused_for_what_they_do_not_show() -> None:
    for more in ({"languages": ["en", "ko"]}, {"tasks": ["image+text->image", "text->image"]}):
        with pytest.raises(ConfigError, match="plain"):
            parse_config({"instructing": {"pool": "plain", **more}})
