"""Gather what one training reads: triplets, captions and features become rows.

Knows commits and records; knows no head and no loss.

    N images and edits, F image features
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from pairmill.core.records import ImageRecord, Split, Triplet
from pairmill.models.examples import Features, Rows, TrainingData, caption_rows, triplet_rows
from pairmill.pipeline.benchmark import benchmark_ids
from pairmill.pipeline.images import machine_captions
from pairmill.pipeline.output import Output
from pairmill.pipeline.shard import Shard, read_ids, read_records, read_vectors
from pairmill.ports.objects import ObjectStore
from services.trainer.holding import TRAIN, VALIDATION, is_held_out
from services.trainer.texts import TextFeatures

Captions = dict[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Material:
    """All triplets of one split, mined ones and edits, and the captions of the images that may be
    learnt from (train) or asked with (validation)."""

    train: list[Triplet] = field(default_factory=list)
    validation: list[Triplet] = field(default_factory=list)
    edits: list[Triplet] = field(default_factory=list)
    validation_edits: list[Triplet] = field(default_factory=list)
    train_captions: Captions = field(default_factory=dict)
    validation_captions: Captions = field(default_factory=dict)

    def __len__(self) -> int:
        """How many triplets there are."""
        parts = (self.train, self.validation, self.edits, self.validation_edits)
        return sum(map(len, parts))

    def texts(self) -> Iterable[str]:
        """Yield every instruction and caption."""
        for triplet in (*self.train, *self.validation, *self.edits, *self.validation_edits):
            yield from triplet.instructions
        for captions in (*self.train_captions.values(), *self.validation_captions.values()):
            yield from captions


def read_material(shard: Shard, objects: ObjectStore) -> Material:
    """Return the triplets that train and validate, and the captions to align with.

    Images of a benchmark or its gallery are left out of both kinds of captions; none of them was
    mined or edited. Where nobody captioned an image, its machine caption serves.
    """
    splits = read_records(objects, shard.files("split", "splits"), Split)
    parts = {split.pair_id: split.part for split in splits}
    found = Material()
    for triplet in _of_part(shard, objects, "gate", parts, TRAIN):
        found.train.append(_without_held_out(shard, triplet))
    found.validation.extend(_of_part(shard, objects, "gate", parts, VALIDATION))
    found.validation_edits.extend(_of_part(shard, objects, "edit", parts, VALIDATION))
    unseen = {triplet.target_id for triplet in found.validation_edits}
    for triplet in _of_part(shard, objects, "edit", parts, TRAIN):
        found.edits.append(_without(triplet, lambda image: image in unseen))
    kept_out = benchmark_ids(shard, objects)
    made = machine_captions(objects, shard.files("embed", "captions"))
    for image in read_records(objects, shard.files("dedupe", "images"), ImageRecord):
        captions = tuple(c.text for c in image.captions if c.text.strip())
        captions = captions or made.get(image.image_id, ())
        if captions and image.image_id not in kept_out:
            held_out = _held_out(shard, image.image_id)
            side = found.validation_captions if held_out else found.train_captions
            side[image.image_id] = captions
    return found


def drop_unseen_edits(shard: Shard, objects: ObjectStore, out: Output, material: Material) -> None:
    """Reject the edits without features, `no_features`: embedding rejected them, or their shard
    lies among the dead letters. Mined triplets come from what was embedded."""
    seen = read_ids(objects, shard.files("embed_edits", "features"))
    if material.edits or material.validation_edits:
        seen |= read_ids(objects, shard.files("embed", "features"))
    for side in (material.edits, material.validation_edits):
        kept = []
        for triplet in side:
            if {triplet.query_id, triplet.target_id} <= seen:
                kept.append(_without(triplet, lambda image: image not in seen))
            else:
                keys = (triplet.query_id, triplet.target_id)
                out.reject(triplet.pair_id, "no_features", triplet.target_id, keys=keys)
        side[:] = kept


def _of_part(
    shard: Shard, objects: ObjectStore, node: str, parts: Mapping[str, str], part: str
) -> Iterator[Triplet]:
    for triplet in read_records(objects, shard.files(node, "triplets"), Triplet):
        if parts.get(triplet.pair_id) == part:
            yield triplet


def to_rows(
    shard: Shard, objects: ObjectStore, material: Material, texts: TextFeatures
) -> TrainingData:
    """Return the material as rows of features; every image, edit and text stands there once."""
    ids, features_NF = read_features(shard, objects)
    images = {image_id: row for row, image_id in enumerate(ids.all)}
    text_rows, texts_MT = texts.encode(material.texts())
    kept_out = benchmark_ids(shard, objects)
    free = [i for i in ids.images if i not in kept_out]
    return TrainingData(
        features=Features(images_NF=features_NF, texts_MT=texts_MT),
        train=triplet_rows(material.train, images, text_rows),
        validation=triplet_rows(material.validation, images, text_rows),
        captions=caption_rows(_known(material.train_captions, images), images, text_rows),
        validation_captions=caption_rows(
            _known(material.validation_captions, images), images, text_rows
        ),
        gallery=_rows(images, (i for i in free if _held_out(shard, i))),
        edits=triplet_rows(material.edits, images, text_rows),
        validation_edits=triplet_rows(material.validation_edits, images, text_rows),
        edit_gallery=_rows(images, sorted({t.target_id for t in material.validation_edits})),
        pool=_rows(images, (i for i in free if not _held_out(shard, i))),
    )


@dataclass(frozen=True, kw_only=True)
class Ids:
    """Ids in the order of their rows: the corpus's images, then those of edits that are none."""

    images: list[str]
    edits: list[str]

    @property
    def all(self) -> list[str]:
        """Every id once."""
        return [*self.images, *self.edits]


def read_features(shard: Shard, objects: ObjectStore) -> tuple[Ids, NDArray[np.float32]]:
    """Return the features of images and, beneath them, of edits, (N, F); two images may have an
    equal edit, such as a silhouette, which is one row."""
    ids, images_NF = read_vectors(objects, shard.files("embed", "features"))
    edit_ids, edits_NF = read_vectors(objects, shard.files("embed_edits", "features"))
    first = {edit_id: row for row, edit_id in reversed(list(enumerate(edit_ids)))}
    new = sorted(first.keys() - set(ids))
    if not new:
        return Ids(images=ids, edits=[]), images_NF
    rows = [first[edit_id] for edit_id in new]
    return Ids(images=ids, edits=new), np.concatenate([images_NF, edits_NF[rows]])


def _known(captions: Captions, images: Collection[str]) -> Captions:
    """Return the captions of images that have features."""
    return {image_id: found for image_id, found in captions.items() if image_id in images}


def _rows(images: Mapping[str, int], ids: Iterable[str]) -> Rows:
    return np.array([images[image_id] for image_id in ids], np.int64)


def _without(triplet: Triplet, dropped: Callable[[str], bool]) -> Triplet:
    """Return the triplet without some negatives and their scores."""
    rows = [row for row, image in enumerate(triplet.negatives) if not dropped(image)]
    scores = tuple(triplet.scores[row] for row in rows) if triplet.scores else ()
    return replace(triplet, negatives=tuple(triplet.negatives[row] for row in rows), scores=scores)


def _without_held_out(shard: Shard, triplet: Triplet) -> Triplet:
    """Drop hard negatives that are held out: no step may see such an image."""
    return _without(triplet, lambda image: _held_out(shard, image))


def _held_out(shard: Shard, image_id: str) -> bool:
    return is_held_out(image_id, seed=shard.config.seed, share=shard.config.training.held_out)
