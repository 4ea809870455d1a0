"""Leaks of the source, in the forms that models give them, and what only looks like one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairmill.core.gating.leaks import leakage_gate, leaked, source_stems, weigh_leak
from tests.pairmill.core.gating.pairs import CALM, described, written

PAIR = described(
    shared=("subject: dress", "background: striped wall"),
    query=("colour: red", "texture: dotted", "count: two", "detail: striped hat", "also: velvet"),
    target=("colour: green",),
)
WORDS = ("red", "dots", "green", "hat", "velvet", "dress")
SECRET = source_stems(PAIR)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("make it green, not red", "red"), ("no longer reddish", "reddish"),
        ("from dots to green", "dots"), ("an undotted green one", "undotted"),
        ("green instead of the red-dotted one", "red dotted"), ("lose the hats", "hats"),
        ("hatless, in green", "hatless"), ("green, and not 2 of them", "2"),
        ("green, without the velvet", "velvet"), ("RED? No: green", "red"),
    ],
)  # fmt: skip
def test_the_source_is_found_in_any_form(text: str, words: str) -> None:
    found = weigh_leak(text, SECRET, 0)
    assert found.rule == "leakage"
    assert found.value == ", ".join(words.split())
    assert found.measure == len(words.split())


@pytest.mark.parametrize(
    "text",
    ["make it green", "the same dress before a striped wall", "one in green", "greyer, read it",
     "the same thing, rendered in green", "show one that sits", "that in green, please"],
)  # fmt: skip
def test_what_both_show_and_words_that_look_alike_are_no_leak(text: str) -> None:
    assert weigh_leak(text, SECRET, 0).kept


def test_words_of_the_target_s_own_caption_are_no_secret() -> None:
    gate = leakage_gate(0, {"t": "a green dress with a hat"})
    texts = [written("with a green hat"), written("not red")]
    assert [found.rule for found in gate.weigh(PAIR, texts)] == ["", "leakage"]


def test_names_of_kinds_and_words_of_asking_are_nobody_s() -> None:
    pair = described(query=("background: plain background", "colour: one colour"), target=("a: b",))
    assert source_stems(pair) == {"plain"}


def test_a_korean_particle_does_not_hide_a_leak() -> None:
    secret = source_stems(
        described(query=("colour: 빨간색", "detail: 모자"), target=("colour: 파란색",))
    )
    assert leaked("빨간색이 아닌 파란색으로", secret) == ("빨간색이",)
    assert leaked("모자를 벗고 파란색으로", secret) == ("모자를",)


@CALM
@given(st.lists(st.sampled_from(WORDS), max_size=6), st.integers(0, 4), st.integers(0, 4))
def test_more_words_allowed_never_take_more(words: list[str], one: int, other: int) -> None:
    low, high = sorted((one, other))
    text = " ".join(words)
    assert weigh_leak(text, SECRET, high).kept or not weigh_leak(text, SECRET, low).kept


def test_a_pair_without_a_source_side_leaks_nothing() -> None:
    assert weigh_leak(
        "not red any more", source_stems(described(target=("colour: green",))), 0
    ).kept
