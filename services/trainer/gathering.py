"""Gather what one training reads: triplets, captions and features become rows.

Knows commits and records; knows no head and no loss.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from pairmill.core.records import ImageRecord, Split, Triplet
from pairmill.models.examples import Features, Rows, TrainingData, caption_rows, triplet_rows
from pairmill.pipeline.benchmark import benchmark_ids
from pairmill.pipeline.shard import Shard, read_records, read_vectors
from pairmill.ports.objects import ObjectStore
from services.trainer.holding import TRAIN, VALIDATION, is_held_out
from services.trainer.texts import TextFeatures

Captions = dict[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Material:
    """All triplets of one split, and the captions of the images that may be learnt from (train)
    or asked with (validation)."""

    train: list[Triplet] = field(default_factory=list)
    validation: list[Triplet] = field(default_factory=list)
    train_captions: Captions = field(default_factory=dict)
    validation_captions: Captions = field(default_factory=dict)

    def texts(self) -> Iterable[str]:
        """Yield every instruction and caption."""
        for triplet in (*self.train, *self.validation):
            yield from triplet.instructions
        for captions in (*self.train_captions.values(), *self.validation_captions.values()):
            yield from captions


def read_material(shard: Shard, objects: ObjectStore) -> Material:
    """Return the triplets that train and validate, and the captions to align with.

    Images of a benchmark or its gallery are left out of both kinds of captions.
    """
    splits = read_records(objects, shard.files("split", "splits"), Split)
    parts = {split.pair_id: split.part for split in splits}
    found = Material()
    for triplet in read_records(objects, shard.files("instruct", "triplets"), Triplet):
        if parts.get(triplet.pair_id) == TRAIN:
            found.train.append(_without_held_out(shard, triplet))
        elif parts.get(triplet.pair_id) == VALIDATION:
            found.validation.append(triplet)
    kept_out = benchmark_ids(shard, objects)
    for image in read_records(objects, shard.files("dedupe", "images"), ImageRecord):
        captions = tuple(c.text for c in image.captions if c.text.strip())
        if captions and image.image_id not in kept_out:
            held_out = _held_out(shard, image.image_id)
            side = found.validation_captions if held_out else found.train_captions
            side[image.image_id] = captions
    return found


def to_rows(
    shard: Shard, objects: ObjectStore, material: Material, texts: TextFeatures
) -> TrainingData:
    """Return the material as rows of features; every image and every text stands there once."""
    ids, images_NF = read_vectors(objects, shard.files("embed", "features"))
    images = {image_id: row for row, image_id in enumerate(ids)}
    text_rows, texts_MT = texts.encode(material.texts())
    kept_out = benchmark_ids(shard, objects)
    return TrainingData(
        features=Features(images_NF=images_NF, texts_MT=texts_MT),
        train=triplet_rows(material.train, images, text_rows),
        validation=triplet_rows(material.validation, images, text_rows),
        captions=caption_rows(_known(material.train_captions, images), images, text_rows),
        validation_captions=caption_rows(
            _known(material.validation_captions, images), images, text_rows
        ),
        gallery=_gallery(shard, ids, kept_out),
    )


def _known(captions: Captions, images: Collection[str]) -> Captions:
    """Return the captions of images that have features: embedding may have rejected some."""
    return {image_id: found for image_id, found in captions.items() if image_id in images}


def _gallery(shard: Shard, ids: list[str], kept_out: Collection[str]) -> Rows:
    found = [r for r, i in enumerate(ids) if i not in kept_out and _held_out(shard, i)]
    return np.array(found, np.int64)


def _without_held_out(shard: Shard, triplet: Triplet) -> Triplet:
    """Drop hard negatives that are held out: no step may see such an image."""
    kept = tuple(i for i in triplet.negatives if not _held_out(shard, i))
    return replace(triplet, negatives=kept)


def _held_out(shard: Shard, image_id: str) -> bool:
    return is_held_out(image_id, seed=shard.config.seed, share=shard.config.training.held_out)
