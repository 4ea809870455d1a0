"""Ids: what they are made of, and that only seed and ids decide what is random."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairmill.core import ids

texts = st.text(max_size=12)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


def test_an_image_id_is_the_first_128_bits_of_sha256_of_its_bytes() -> None:
    assert ids.image_id(b"abc") == "ba7816bf8f01cfea414140de5dae2223"
    assert ids.image_id(b"") == hashlib.sha256(b"").hexdigest()[:32]


def test_a_pair_is_ordered() -> None:
    assert ids.pair_id("a", "b") != ids.pair_id("b", "a")
    assert len(ids.pair_id("a", "b")) == 32


def test_ids_that_are_published_never_change() -> None:
    """A new release that changed these would orphan every stored run."""
    assert ids.pair_id("0" * 32, "f" * 32) == "896a5f49888fed22a11e6437430511e7"
    assert ids.digest_of({"b": 1, "a": [1.5, None, "ä"]}) == "e60563896fc1b9fc"
    assert ids.order_key(0, "a", "b")[:16] == "aa23aa492e502806"
    assert ids.generator(0, "a").bit_generator.random_raw() == 2954495808012880129


@given(plain)
def test_canonical_json_reads_back_as_the_same_value(value: object) -> None:
    assert json.loads(ids.canonical_json(value)) == value


@given(st.dictionaries(texts, plain, min_size=2), st.randoms(use_true_random=False))
def test_canonical_json_knows_no_order_of_keys(values: dict[str, object], random: object) -> None:
    items = list(values.items())
    random.shuffle(items)  # type: ignore[attr-defined]
    assert ids.canonical_json(dict(items)) == ids.canonical_json(values)
    assert ids.digest_of(dict(items)) == ids.digest_of(values)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_has_no_json(value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        ids.canonical_json({"score": value})


def test_a_digest_has_the_length_asked_for() -> None:
    assert [len(ids.digest_of(1, length=n)) for n in (8, 16, 64)] == [8, 16, 64]
    assert ids.digest_of(1, length=64).startswith(ids.digest_of(1, length=8))


@given(st.integers(0, 2**63), st.lists(texts, min_size=1, max_size=3))
def test_the_same_seed_and_ids_draw_the_same_numbers(seed: int, parts: list[str]) -> None:
    draws = [ids.generator(seed, *parts).random(4).tolist() for _ in range(2)]
    assert draws[0] == draws[1]
    assert draws[0] != ids.generator(seed + 1, *parts).random(4).tolist()
    assert draws[0] != ids.generator(seed, *parts, "more").random(4).tolist()


def test_an_order_that_seed_and_ids_decide_depends_on_nothing_else() -> None:
    names = [f"{i:03d}" for i in range(100)]
    order = sorted(names, key=lambda name: ids.order_key(1, name))
    assert order == sorted(set(names), key=lambda name: ids.order_key(1, name))
    assert order != names
    assert order != sorted(names, key=lambda name: ids.order_key(2, name))
