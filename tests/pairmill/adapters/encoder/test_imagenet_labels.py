"""Labels of the starter's classifier: sums over kinds, hedging, plain English names."""

import numpy as np
import pytest

from pairmill.adapters.encoder.imagenet import ImageNetLabels, class_names, numbers
from pairmill.adapters.encoder.imagenet_kinds import BROAD, KINDS, NAMES

T_SHIRT, SWEATSHIRT, TENCH, VELVET = 610, 841, 0, 885


def labels_of(odds: dict[int, float]) -> list[tuple[str, float]]:
    """Return the labels of one image whose classes have these probabilities, and the rest none."""
    logits = np.full(1000, -100.0, np.float32)
    for number, share in odds.items():
        logits[number] = np.log(share)
    (found,) = ImageNetLabels(np.zeros((1000, 4), np.float32), logits)(np.ones((1, 4), np.float32))
    return [(label.name, round(label.probability, 3)) for label in found]


def test_a_kind_has_the_probabilities_of_its_classes() -> None:
    assert labels_of({T_SHIRT: 0.4, SWEATSHIRT: 0.35, TENCH: 0.25}) == [
        ("T-shirt", 0.4), ("sweatshirt", 0.35), ("tench", 0.25),
        ("shirt", 0.75), ("jumper", 0.35), ("fish", 0.25),
        ("clothing", 0.75), ("animal", 0.25),
    ]  # fmt: skip


def test_unlikely_classes_and_those_without_a_name_are_left_out() -> None:
    assert labels_of({VELVET: 0.97, TENCH: 0.03}) == [("clothing", 0.97)]


def test_classes_of_one_name_are_one() -> None:
    assert labels_of({836: 0.5, 837: 0.5})[0] == ("sunglasses", 1.0)


def test_the_logits_are_the_features_times_the_rows_plus_the_bias() -> None:
    rows, bias = np.zeros((1000, 2), np.float32), np.full(1000, -50, np.float32)
    rows[T_SHIRT], rows[TENCH] = (1, 0), (0, 1)
    bias[[T_SHIRT, TENCH]] = 0
    one, other = ImageNetLabels(rows, bias)(np.array([(9, 1), (1, 9)], np.float32))
    assert (one[0].name, other[0].name) == ("T-shirt", "tench")
    assert one[0].probability == pytest.approx(1 / (1 + np.exp(-8)))


def test_features_that_are_not_finite_have_no_label() -> None:
    names = ImageNetLabels(np.ones((1000, 1), np.float32), np.zeros(1000, np.float32))
    assert names(np.array([[np.nan], [np.inf]], np.float32)) == [(), ()]


def test_every_number_is_a_class_and_every_name_is_words() -> None:
    names = class_names()
    assert len(names) == 1000
    assert set(NAMES) <= set(range(1000))
    for line in (*KINDS.values(), *BROAD.values()):
        found = list(numbers(line))
        assert len(set(found)) == len(found)
        assert set(found) <= set(range(1000))
    assert all("," not in name and "_" not in name for name in names)


def test_the_broadest_kinds_exclude_one_another() -> None:
    """So that of two of them at most one is above a half."""
    found = [number for name in BROAD if name != "tool" for number in numbers(BROAD[name])]
    twice = {class_names()[n] for n in found if found.count(n) > 1}
    assert twice == set(), sorted(twice)
