"""Learn which words of captions tell what an image shows, from images that look alike.

Knows words and rows; knows no encoder and no pair. Captions of one thing differ: "side by side",
"lined up". A word on which look-alikes agree far more often than any two images tells something;
one on which they do not is a way of speaking. Nothing is labelled and nothing trained.

    N images, K neighbours, D dims of a space
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pairmill.core.gating.stems import stems

LEAST_SEEN = 4
"""A word of fewer captions is not judged by them."""
UNKNOWN = 0.75
"""Its weight: what is rare is seldom a way of speaking."""
AT_ONCE = 512
Words = frozenset[str]


@dataclass(frozen=True)
class Telling:
    """How much words tell. weights: by stem, 0 (a way of speaking) to 1 (look-alikes always agree);
    a stem that is not here weighs 0.75."""

    weights: Mapping[str, float]

    def contrast(self, one: Words, other: Words) -> float:
        """Return how far two captions contradict: what each has alone is weighed, and the lighter
        side counts. A caption that only says more, or less, contradicts nothing."""
        return min(self._weigh(one - other), self._weigh(other - one))

    def _weigh(self, words: Iterable[str]) -> float:
        return float(sum(self.weights.get(word, UNKNOWN) for word in sorted(words)))


def caption_words(caption: str) -> Words:
    """Return the stems of a caption's content words."""
    return stems(caption)


def learn_telling(captions: Sequence[Words], neighbours_NK: NDArray[np.int64]) -> Telling:
    """Return the weights of all stems of four captions or more.

    A stem weighs (a - f) / (1 - f), at least 0: f is the share of captions that have it, a that
    share among the neighbours of images whose caption has it. neighbours_NK: rows of look-alikes.
    """
    having = Counter(word for words in captions for word in words)
    asked: Counter[str] = Counter()
    agreed: Counter[str] = Counter()
    for words, rows in zip(captions, neighbours_NK, strict=True):
        for row in rows:
            asked.update(words)
            agreed.update(words & captions[row])
    shares = {word: (num / len(captions), agreed[word] / asked[word])
              for word, num in having.items() if num >= LEAST_SEEN and asked[word]}  # fmt: skip
    return Telling({word: max(0.0, (a - f) / (1 - f)) if f < 1 else 0.0
                    for word, (f, a) in sorted(shares.items())})  # fmt: skip


def look_alikes(spaces: Sequence[NDArray[np.float32]], num: int) -> NDArray[np.int64]:
    """Return for each image the rows of its `num` nearest by the sum of cosines, (N, K).

    spaces: unit vectors of the same images, one array a space. Equal sums go by row.
    """
    size = len(spaces[0])
    found = []
    for start in range(0, size, AT_ONCE):
        part = slice(start, start + AT_ONCE)
        sums_BN = np.sum([space[part] @ space.T for space in spaces], axis=0)
        rows_B = np.arange(start, start + len(sums_BN))
        sums_BN[rows_B - start, rows_B] = -np.inf
        found.append(np.argsort(-sums_BN, axis=1, kind="stable")[:, : min(num, size - 1)])
    return np.concatenate(found)
