"""Counts of what gates did: bins by hand, and sums that know no order."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairmill.core.answers import Fault
from pairmill.core.gating.findings import Finding, even_edges
from pairmill.core.gating.floors import too_few_kept
from pairmill.core.gating.judging import Trial, Verdict, negatives_gate, settle_negatives
from pairmill.core.gating.lengths import Bounds, words_gate
from pairmill.core.gating.sieve import Sifted, begin, sift
from pairmill.core.gating.tally import Tally, add_up, example_of, place_of, tally_texts
from tests.pairmill.core.gating.pairs import CALM, described, written

GATES = (words_gate(Bounds(least=2, most=4)),)
TEXTS = ("red", "in red", "a very long one in a red coat", "wine red")


def sifted(pair_id: str, *texts: str, faults: int = 0) -> Sifted:
    broken = [Fault(name="not_json")] * faults
    start = begin(described(pair_id=pair_id), [written(text) for text in texts], broken)
    return sift(start, GATES)


parts = st.lists(
    st.builds(lambda name, texts: sifted(name, *texts), st.sampled_from("abcdefghijklmnop"),
              st.lists(st.sampled_from(TEXTS), max_size=4)),
    max_size=6,
)  # fmt: skip


def test_a_gate_s_tally_is_what_a_hand_counts() -> None:
    found = tally_texts([sifted("a", *TEXTS, faults=1)], GATES)
    assert list(found) == ["schema", "length_words"]
    assert (found["schema"].seen, found["schema"].fell) == (5, {"not_json": 1})
    words = found["length_words"]
    assert (words.seen, words.fell) == (4, {"too_few_words": 1, "too_many_words": 1})
    assert words.bins[:3] == (3, 0, 1)  # bins of three words: 1, 2 and 2 words; 8 words
    assert sum(words.bins) == words.seen
    assert {example.text for example in words.examples} == {TEXTS[0], TEXTS[2]}


@pytest.mark.parametrize(
    ("measure", "place"), [(-5, 0), (0, 0), (0.99, 0), (1, 1), (2.5, 2), (3, 2), (99, 2)]
)
def test_what_lies_beyond_the_edges_is_counted_at_the_ends(measure: float, place: int) -> None:
    assert place_of(measure, (0.0, 1.0, 2.0, 3.0)) == place


def test_even_edges_are_those_of_a_ruler() -> None:
    assert even_edges(0, 1, 4) == (0, 0.25, 0.5, 0.75, 1)


def test_lighter_texts_are_counted_and_are_no_examples() -> None:
    finding = Finding(measure=1, value="rank 1", weight=0.5)
    found = Tally.of(GATES[0], [(finding, example_of(described().pair, finding, text="red"))])
    assert (found.seen, found.lighter, found.fell, found.examples) == (1, 1, {}, ())


def test_negatives_have_a_tally_with_their_images() -> None:
    trial = Trial(pair_id="pair", query_id="q", target_id="t", instructions=("in red",),
                  negatives=("a", "b"))  # fmt: skip
    verdicts = [Verdict(image_id="a", scores=(0.9,)), Verdict(image_id="b", scores=(0.1,))]
    settled = settle_negatives(trial, verdicts, least=0.5, action="drop")
    pair = described().pair
    found = Tally.of(
        negatives_gate(0.5),
        [(finding, example_of(pair, finding, image=image)) for image, finding in settled.weighed],
    )
    assert (found.seen, found.fell) == (2, {"false_negative": 1})
    assert [example.image for example in found.examples] == ["a"]


def test_at_most_ten_examples_are_kept_by_a_hash() -> None:
    one = tally_texts([sifted(str(number), "red") for number in range(30)], GATES)["length_words"]
    assert len(one.examples) == 10
    halves = [tally_texts([sifted(str(number), "red") for number in rows], GATES)
              for rows in (range(15, 30), range(15))]  # fmt: skip
    assert add_up(halves)["length_words"] == one


@CALM
@given(parts, st.integers(0, 6))
def test_any_cut_into_shards_gives_the_same_sums(every: list[Sifted], cut: int) -> None:
    whole = tally_texts(every, GATES)
    first, second = tally_texts(every[:cut], GATES), tally_texts(every[cut:], GATES)
    assert add_up([first, second]) == add_up([second, first]) == whole
    assert whole["length_words"].seen == sum(len(one.weighed) for one in every) // 2


@CALM
@given(parts)
def test_a_tally_comes_back_from_json_as_it_was(every: list[Sifted]) -> None:
    for tally in tally_texts(every, GATES).values():
        assert Tally.from_plain(json.loads(json.dumps(tally.to_plain()))) == tally


def test_tallies_of_other_thresholds_are_not_added() -> None:
    other = words_gate(Bounds(least=2, most=9))
    with pytest.raises(ValueError, match="one gate"):
        Tally.of(GATES[0], []).plus(Tally.of(other, []))


def test_too_little_left_is_said_with_what_took_most() -> None:
    gates = tally_texts([sifted("a", *TEXTS)], GATES)
    why = too_few_kept(kept=19, seen=100, floor=0.2, least_seen=50, gates=gates)
    assert why.startswith("the gates kept 19 of 100 pairs (19.0%), and gating.floor asks for 20.0%")
    assert "length_words 2" in why


@pytest.mark.parametrize(("kept", "seen"), [(20, 100), (0, 49), (100, 100), (0, 0)])
def test_enough_left_or_too_few_seen_says_nothing(kept: int, seen: int) -> None:
    assert too_few_kept(kept=kept, seen=seen, floor=0.2, least_seen=50, gates={}) == ""


@CALM
@given(st.integers(0, 100), st.integers(1, 100), st.floats(0, 1), st.floats(0, 1))
def test_a_higher_floor_never_lets_more_runs_through(
    kept: int, seen: int, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    stops = [bool(too_few_kept(kept=kept, seen=seen, floor=floor, least_seen=1, gates={}))
             for floor in (low, high)]  # fmt: skip
    assert stops[1] or not stops[0]
