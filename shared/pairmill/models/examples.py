"""Training examples as arrays of rows: triplets, and images with their captions.

Knows records and row numbers; knows no feature's meaning, no head and no loss.

    N images, M texts, P triplets, I instructions, K negatives, F image features, T text features
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pairmill.core.records import Triplet

Rows = NDArray[np.int64]
ABSENT = -1
"""Fills the rows of triplets that have fewer instructions or negatives than others."""


@dataclass(frozen=True, kw_only=True)
class Triplets:
    """P triplets as rows of images and texts, in order of ids; column 0 of the negatives is the
    query image."""

    ids: tuple[str, ...]
    queries_P: Rows
    targets_P: Rows
    instructions_PI: Rows
    negatives_PK: Rows

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, kw_only=True)
class Captioned:
    """Images and their captions: rows of images and of texts, in order of image ids."""

    ids: tuple[str, ...]
    images_P: Rows
    texts_P: Rows

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, kw_only=True)
class Features:
    """Raw tower outputs, float32: every image and every text once."""

    images_NF: NDArray[np.float32]
    texts_MT: NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class TrainingData:
    """All that one training reads. gallery: rows of the images among which validation searches."""

    features: Features
    train: Triplets
    validation: Triplets
    captions: Captioned
    validation_captions: Captioned
    gallery: Rows


def triplet_rows(
    triplets: Sequence[Triplet], images: Mapping[str, int], texts: Mapping[str, int]
) -> Triplets:
    """Return triplets as rows, sorted by pair id, so that no order of shards shows.

    images, texts: row numbers. Raises ValueError for a triplet whose first negative is not its
    query image, KeyError for an image or text without a row.
    """
    ordered = sorted(triplets, key=lambda triplet: triplet.pair_id)
    for triplet in ordered:
        if triplet.negatives[:1] != (triplet.query_id,):
            raise ValueError(f"triplet {triplet.pair_id}: the first negative must be the query")
    return Triplets(
        ids=tuple(t.pair_id for t in ordered),
        queries_P=np.array([images[t.query_id] for t in ordered], np.int64),
        targets_P=np.array([images[t.target_id] for t in ordered], np.int64),
        instructions_PI=_padded([[texts[x] for x in t.instructions] for t in ordered]),
        negatives_PK=_padded([[images[x] for x in t.negatives] for t in ordered]),
    )


def caption_rows(
    captions: Mapping[str, Sequence[str]], images: Mapping[str, int], texts: Mapping[str, int]
) -> Captioned:
    """Return every caption of every image as rows, sorted by image id."""
    found = [(i, images[i], texts[text]) for i in sorted(captions) for text in captions[i]]
    return Captioned(
        ids=tuple(image_id for image_id, _, _ in found),
        images_P=np.array([image for _, image, _ in found], np.int64),
        texts_P=np.array([text for _, _, text in found], np.int64),
    )


def _padded(lists: list[list[int]]) -> Rows:
    width = max((len(row) for row in lists), default=1)
    return np.array([row + [ABSENT] * (width - len(row)) for row in lists], np.int64).reshape(
        len(lists), width
    )
