"""Embed images and captions. Knows records and the encoder port; knows no model and no vendor.

embed: images → features (what the image tower gives), embeddings (one data set a space), captions
(of the images that came without one; those of a language model, where `caption` asked it, pass
through).
"""

# N images of the shard, B of a batch, F features, D dims of a space

from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from pairmill.config import EncoderConfig
from pairmill.core.captions import MachineCaption, needs_caption
from pairmill.core.records import ImageRecord
from pairmill.pipeline.commit import Counts
from pairmill.pipeline.images import Images
from pairmill.pipeline.output import Output
from pairmill.pipeline.progress import Progress
from pairmill.pipeline.seeing import Load, Seen, load_pixels, see
from pairmill.pipeline.shard import Shard, read_records
from pairmill.ports.encoder import Encoder, Space
from services.embedder.captioning import Captioner

NORM_TOLERANCE = 1e-3
"""How far an embedding's norm may be from 1; float16 itself is this coarse."""

Features = NDArray[np.float32]


def embed(
    shard: Shard, out: Output, images: Images, encoder: Encoder, progress: Progress
) -> Counts:
    """Write the features of the shard's images, their embeddings in every space, and captions by
    machine where people wrote none; these serve the caption space in their place.

    Rejects: `undecodable`, the rules of `read_image`, and `non_finite` for an image whose features
    or embeddings are not finite or have no direction; a caption of that kind is left out alone,
    its image stays.
    """
    records = images.records(shard.files(shard.upstream("dedupe"), "images"))
    captioner = Captioner(config=shard.config.captioning, encoder=encoder,
                          asked=_asked(shard, images))  # fmt: skip
    load = partial(load_pixels, images, encoder, look=captioner.look)
    tower = Pass(encoder=encoder, config=shard.config.encoder, out=out, progress=progress)
    kept, features_NF = tower.features(records, load)
    kept, features_NF = _embed_images(encoder, out, kept, features_NF)
    made = captioner.captions(kept, features_NF)
    out.table("captions", MachineCaption, made)
    _embed_captions(encoder, out, _texts(kept, made))
    human = sum(not needs_caption(record) for record in kept)
    none_left = len(kept) - human - len(made)
    out.facts["captions"] = {"human": human, "machine": len(made), "none": none_left}
    out.facts["spaces"] = [asdict(space) for space in encoder.spaces]
    return out.close(inputs=len(records), outputs=len(kept))


def _asked(shard: Shard, images: Images) -> dict[str, MachineCaption]:
    """Return the captions that a model was asked for; none where the run asks none."""
    if "caption" not in shard.commits:
        return {}
    made = read_records(images.objects, shard.files("caption", "captions"), MachineCaption)
    return {caption.image_id: caption for caption in made}


@dataclass(frozen=True, kw_only=True)
class Pass:
    """Images through the image tower, in batches that are loaded ahead of it."""

    encoder: Encoder
    config: EncoderConfig
    out: Output
    progress: Progress

    def features(
        self, records: list[ImageRecord], load: Load
    ) -> tuple[list[ImageRecord], Features]:
        """Return the images that have finite features, and these, (N, F); reject the others."""
        parts = [np.zeros((0, self.encoder.image_dim), np.float32)]
        kept: list[ImageRecord] = []
        for seen in see(self.encoder, records, load, self.config):
            finite, features_BF = self._finite(seen)
            kept.extend(finite)
            parts.append(features_BF)
            self.progress.advance(len(seen))
        return kept, np.concatenate(parts)

    def _finite(self, seen: Seen) -> tuple[list[ImageRecord], Features]:
        """Return the images of a batch whose features are finite, and these as they will be stored.

        Spaces are drawn from the stored precision, so that whoever reads the features finds the
        same.
        """
        for record, why in seen.lost:
            self._reject(record, why.rule, why.value)
        with np.errstate(over="ignore"):
            stored_BF = seen.features_BF.astype(np.float16).astype(np.float32)
        finite_B = np.isfinite(stored_BF).all(axis=1)
        for row in np.flatnonzero(~finite_B):
            num_bad = int((~np.isfinite(stored_BF[row])).sum())
            value = f"{num_bad} of {self.encoder.image_dim} features"
            self._reject(seen.records[row], "non_finite", value)
        return [seen.records[row] for row in np.flatnonzero(finite_B)], stored_BF[finite_B]

    def _reject(self, record: ImageRecord, rule: str, value: str) -> None:
        self.out.reject(record.image_id, rule, value, keys=(record.image_id,))


def _embed_images(
    encoder: Encoder, out: Output, records: list[ImageRecord], features_NF: Features
) -> tuple[list[ImageRecord], Features]:
    """Write features and embeddings of the images that have a direction in every space; return
    these."""
    spaces = [space for space in encoder.spaces if space.reads == "image"]
    embedded = {space: encoder.project(space.name, features_NF) for space in spaces}
    good_N = np.ones(len(records), bool)
    for space, vectors_ND in embedded.items():
        faults = _faults(space, vectors_ND)
        for row in sorted(faults.keys() & set(np.flatnonzero(good_N).tolist())):
            image = records[row].image_id
            out.reject(image, "non_finite", faults[row], keys=(image,))
            good_N[row] = False
    kept = [records[row] for row in np.flatnonzero(good_N)]
    ids = [record.image_id for record in kept]
    out.vectors("features", ids, features_NF[good_N])
    for space, vectors_ND in embedded.items():
        out.vectors(f"embeddings/{space.space_id}", ids, vectors_ND[good_N])
    return kept, features_NF[good_N]


def _texts(records: list[ImageRecord], made: list[MachineCaption]) -> dict[str, str]:
    """Return one text for each image that has any: a person's first caption, else a machine's that
    names a thing."""
    seen = {caption.image_id: caption.seen for caption in made if caption.names_a_thing}
    texts = {r.image_id: r.caption.strip() or seen.get(r.image_id, "") for r in records}
    return {image: text for image, text in texts.items() if text}


def _embed_captions(encoder: Encoder, out: Output, texts: dict[str, str]) -> None:
    """Write the embeddings of captions, by image, in the spaces that read text."""
    images = list(texts)
    features_NF = encoder.text_features(list(texts.values()))
    for space in (space for space in encoder.spaces if space.reads == "text"):
        vectors_ND = encoder.project(space.name, features_NF)
        faults = _faults(space, vectors_ND)
        for row, value in faults.items():
            image = images[row]
            out.reject(image, "non_finite", value, keys=(image,), unit="caption")
        good = [row for row in range(len(images)) if row not in faults]
        out.vectors(f"embeddings/{space.space_id}", [images[row] for row in good], vectors_ND[good])


def _faults(space: Space, vectors_ND: Features) -> dict[int, str]:
    """Return the rows that are no unit vectors, with what they are instead."""
    with np.errstate(invalid="ignore", over="ignore"):
        norms_N = np.linalg.norm(vectors_ND, axis=1)
    wrong = np.flatnonzero(~(np.abs(norms_N - 1) <= NORM_TOLERANCE))
    return {int(row): f"norm {norms_N[row]:.3g} in {space.name}, wanted 1" for row in wrong}
