"""Training examples as arrays of rows: triplets, and images with their captions.

Knows records and row numbers; knows no feature's meaning, no head and no loss.

    N images, M texts, P triplets, I instructions, K negatives, F image features, T text features
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from pairmill.config import TrainingConfig
from pairmill.core.ids import order_key
from pairmill.core.records import Triplet

Rows = NDArray[np.int64]
Shares = NDArray[np.float32]
ABSENT = -1
"""Fills the rows of triplets that have fewer instructions or negatives than others."""


@dataclass(frozen=True, kw_only=True)
class Triplets:
    """P triplets as rows of images and texts, in order of ids; column 0 of the negatives is the
    query image. authors: who wrote each; of an edit, its operation and value. weights: of each
    instruction; doubts: how likely each negative fits all the same; None where none says so."""

    ids: tuple[str, ...]
    queries_P: Rows
    targets_P: Rows
    instructions_PI: Rows
    negatives_PK: Rows
    authors: tuple[str, ...]
    weights_PI: Shares | None = None
    doubts_PK: Shares | None = None

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


def no_rows() -> Rows:
    """Return an empty array of rows."""
    return np.zeros(0, np.int64)


def no_triplets() -> Triplets:
    """Return triplets of which there are none."""
    return Triplets(ids=(), queries_P=no_rows(), targets_P=no_rows(),
                    instructions_PI=no_rows().reshape(0, 1),
                    negatives_PK=no_rows().reshape(0, 1), authors=())  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class TrainingData:
    """All that one training reads; every field but the first may be empty.

    gallery: rows of the held-out images, among which validation searches; edit_gallery: rows of
    the edits of those images, which stand beside the gallery where `validation_edits` search.
    pool: rows of every image that may be learnt from, whence random negatives are drawn.
    """

    features: Features
    train: Triplets
    validation: Triplets
    captions: Captioned
    validation_captions: Captioned
    gallery: Rows
    edits: Triplets = field(default_factory=no_triplets)
    validation_edits: Triplets = field(default_factory=no_triplets)
    edit_gallery: Rows = field(default_factory=no_rows)
    pool: Rows = field(default_factory=no_rows)


def num_shown(data: TrainingData) -> int:
    """Return how many images triplets and captions show, an edit counting as its image."""
    mined, edits = data.train, data.edits
    shown = (mined.queries_P, mined.targets_P, edits.queries_P, data.captions.images_P)
    return len(np.unique(np.concatenate(shown)))


def some_of(triplets: Triplets, num: int, seed: int) -> Triplets:
    """Return `num` triplets that seed and ids decide, in their order; 0 takes all."""
    if not num or num >= len(triplets):
        return triplets
    keys = [order_key(seed, "max_triplets", pair_id) for pair_id in triplets.ids]
    kept = np.sort(np.argsort(np.array(keys))[:num])
    return Triplets(
        ids=tuple(triplets.ids[row] for row in kept),
        queries_P=triplets.queries_P[kept],
        targets_P=triplets.targets_P[kept],
        instructions_PI=triplets.instructions_PI[kept],
        negatives_PK=triplets.negatives_PK[kept],
        authors=tuple(triplets.authors[row] for row in kept),
        weights_PI=None if triplets.weights_PI is None else triplets.weights_PI[kept],
        doubts_PK=None if triplets.doubts_PK is None else triplets.doubts_PK[kept],
    )


def learnt_from(data: TrainingData, config: TrainingConfig, seed: int) -> TrainingData:
    """Return the data without the triplets that the config leaves out: sources that it does not
    name, and mined triplets beyond `max_triplets`, which ids decide. Edits that are not learnt
    from decide nothing either: forgetting them would stop a training that was not to keep them."""
    train = some_of(data.train, config.max_triplets, seed)
    train = train if "mined" in config.sources else no_triplets()
    mixed = "edit" in config.sources and (config.edit_share > 0 or not len(train))
    if mixed:
        return replace(data, train=train)
    return replace(data, train=train, edits=no_triplets(), validation_edits=no_triplets())


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
        authors=tuple(t.author for t in ordered),
        weights_PI=_shares([(t.weights, t.instructions) for t in ordered], 1.0),
        doubts_PK=_shares([(t.scores, t.negatives) for t in ordered], 0.0),
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


def _shares(
    lists: Sequence[tuple[Sequence[float], Sequence[str]]], unless: float
) -> Shares | None:  # fmt: skip
    """Return each row's values, or `unless` where it has none; None where no row has any."""
    if not any(values for values, _ in lists):
        return None
    width = max(len(of) for _, of in lists)
    found = np.full((len(lists), width), unless, np.float32)
    for row, (values, _) in enumerate(lists):
        found[row, : len(values)] = values
    return found
