"""Name what an image shows by the image tower's published ImageNet classifier.

Knows the classifier's rows and the names of classes; knows no pixel, no store and no caption.
"""

# B images, F features of the tower's last layer, C classes, K kinds

from collections.abc import Iterator, Mapping
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pairmill.adapters.encoder.imagenet_kinds import BROAD, KINDS, NAMES
from pairmill.ports.encoder import Label

LEAST = 0.05
"""Labels below this probability are not worth naming."""


class ImageNetLabels:
    """A softmax over the thousand classes of ILSVRC 2012, and sums of it over kinds of things.

    Whoever needs certainty takes a broader name, which is right more often: Deng et al., Hedging
    Your Bets (CVPR 2012). Outside ImageNet's own world the probabilities are too high.

    Args:
        weight_CF: the classifier's rows. bias_C: its bias.
    """

    def __init__(self, weight_CF: NDArray[np.float32], bias_C: NDArray[np.float32]) -> None:
        self._weight_CF, self._bias_C = weight_CF.astype(np.float64), bias_C.astype(np.float64)

    def __call__(self, features_BF: NDArray[np.float32]) -> list[tuple[Label, ...]]:
        """Return each image's labels: classes, then kinds, then broad kinds, likely ones first.

        Classes of one name count as one. A row that is not finite has no label.
        """
        with np.errstate(invalid="ignore", over="ignore"):
            logits_BC = features_BF.astype(np.float64) @ self._weight_CF.T + self._bias_C
            odds_BC = np.exp(logits_BC - logits_BC.max(axis=1, keepdims=True))
            probabilities_BC = odds_BC / odds_BC.sum(axis=1, keepdims=True)
        levels = [probabilities_BC @ members_CK for _, members_CK in self._levels]
        return [
            tuple(
                label
                for (names, _), found_BK in zip(self._levels, levels, strict=True)
                for label in _likely(names, found_BK[row])
            )
            for row in range(len(features_BF))
        ]

    @cached_property
    def _levels(self) -> list[tuple[list[str], NDArray[np.float64]]]:
        """Names of each level, with a column of ones and zeros over the classes for each."""
        single: dict[str, list[int]] = {}
        for number, name in enumerate(class_names()):
            if name:
                single.setdefault(name, []).append(number)
        kinds = {name: list(numbers(line)) for name, line in KINDS.items()}
        broad = {name: list(numbers(line)) for name, line in BROAD.items()}
        return [self._level(level) for level in (single, kinds, broad)]

    def _level(self, level: Mapping[str, list[int]]) -> tuple[list[str], NDArray[np.float64]]:
        members_CK = np.zeros((len(self._bias_C), len(level)))
        for column, classes in enumerate(level.values()):
            members_CK[classes, column] = 1
        return list(level), members_CK


def class_names() -> list[str]:
    """Return the classes' names in plain English: their first synonym, unless NAMES knows better.

    A class that is not to be named has an empty one.
    """
    from timm.data import ImageNetInfo

    info = ImageNetInfo()
    first = [info.index_to_description(i).split(",")[0] for i in range(info.num_classes())]
    return [NAMES.get(number, name) for number, name in enumerate(first)]


def numbers(line: str) -> Iterator[int]:
    """Yield the classes of a line such as "7-9 12"."""
    for part in line.split():
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def _likely(names: list[str], found_K: NDArray[np.float64]) -> list[Label]:
    likely = [
        Label(name=name, probability=float(p))
        for name, p in zip(names, found_K, strict=True)
        if p >= LEAST
    ]
    return sorted(likely, key=lambda label: (-label.probability, label.name))
