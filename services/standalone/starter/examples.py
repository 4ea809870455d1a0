"""Gather what the shipped head learns from: a run's triplets, edits and captions, and ImageNet.

Knows rows and texts; knows no loss. Whatever is reserved for benchmarks is left out here.

    N images, F image features, M texts, T text features, C ImageNet classes
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from pairmill.adapters.encoder.weights import load_image_state
from pairmill.core.records import Triplet
from pairmill.models.examples import Captioned, Features, TrainingData
from pairmill.pipeline.shard import Shard
from pairmill.ports.encoder import Encoder
from pairmill.ports.objects import ObjectStore
from services.standalone.starter.corpus import RESERVED
from services.standalone.starter.prototypes import class_texts, prototypes
from services.trainer.gathering import Captions, Material, read_material, to_rows
from services.trainer.texts import TextFeatures

RESERVED_PHRASE = re.compile(rf"\b(the same in|{'|'.join(sorted(RESERVED))})\b", re.IGNORECASE)


def read_examples(
    shard: Shard, objects: ObjectStore, encoder: Encoder, texts: TextFeatures, cache: Path
) -> TrainingData:
    """Return a run's examples with the prototypes of the ImageNet classes beside them."""
    data = to_rows(shard, objects, unreserved(read_material(shard, objects)), texts)
    return with_classes(data, encoder, cache)


def unreserved(material: Material) -> Material:
    """Return the material without the colours and phrasings that benchmarks keep for themselves."""
    return Material(
        train=_free_triplets(material.train),
        validation=_free_triplets(material.validation),
        edits=_free_triplets(material.edits),
        validation_edits=_free_triplets(material.validation_edits),
        train_captions=_free_captions(material.train_captions),
        validation_captions=_free_captions(material.validation_captions),
    )


def is_reserved(text: str) -> bool:
    """Say whether a text has a reserved colour or phrasing."""
    return RESERVED_PHRASE.search(text) is not None


def with_classes(data: TrainingData, encoder: Encoder, cache: Path) -> TrainingData:
    """Return the data with a row of features for every ImageNet class and its names as captions."""
    rows_CL = load_image_state(cache)["classifier.weight"].numpy()
    found_CF = prototypes(rows_CL, data.features.images_NF)
    said = [(number, text) for number in range(len(rows_CL))
            for text in dict.fromkeys(class_texts(number)) if not is_reserved(text)]  # fmt: skip
    texts_MT = encoder.text_features([text for _, text in said])
    num_images, num_texts = len(data.features.images_NF), len(data.features.texts_MT)
    more = Captioned(
        ids=tuple(f"imagenet-{number:04d}" for number, _ in said),
        images_P=num_images + np.array([number for number, _ in said]),
        texts_P=num_texts + np.arange(len(said)),
    )
    features = Features(
        images_NF=np.concatenate([data.features.images_NF, found_CF]),
        texts_MT=np.concatenate([data.features.texts_MT, texts_MT]),
    )
    return replace(data, features=features, captions=joined([data.captions, more]))


def joined(parts: Sequence[Captioned]) -> Captioned:
    """Return several sets of captions as one."""
    return Captioned(
        ids=tuple(each for part in parts for each in part.ids),
        images_P=np.concatenate([part.images_P for part in parts]),
        texts_P=np.concatenate([part.texts_P for part in parts]),
    )


def _free_triplets(triplets: Iterable[Triplet]) -> list[Triplet]:
    found = []
    for triplet in triplets:
        kept = tuple(text for text in triplet.instructions if not is_reserved(text))
        if kept:
            found.append(replace(triplet, instructions=kept))
    return found


def _free_captions(captions: Captions) -> Captions:
    kept = {i: tuple(t for t in texts if not is_reserved(t)) for i, texts in captions.items()}
    return {image_id: texts for image_id, texts in kept.items() if texts}
