"""Search images by texts alone, in the run's own spaces, and lend judges the same images. Knows
commits, features and the shipped head; knows no gate's rule.

    N images, M texts, T text features
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pairmill.core.gating.aimless import find_leads
from pairmill.core.gating.answerable import Space, find_places
from pairmill.core.gating.sieve import Sifted
from pairmill.core.ids import order_key
from pairmill.core.synthesis import COMPOSED, COMPOSED_TO_TEXT
from pairmill.models.retriever import Retriever
from pairmill.pipeline.commit import DataFile
from pairmill.pipeline.gating import Ranked
from pairmill.pipeline.images import load_catalog
from pairmill.pipeline.progress import Progress
from pairmill.pipeline.shard import Shard, read_vectors
from pairmill.ports.encoder import Encoder
from pairmill.ports.judge import Album
from pairmill.ports.objects import ObjectStore

TEXTS_AT_ONCE = 64
READ = "en"
Floats = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Search:
    """What a search works with: a shard, the run's objects and encoder, what images are called."""

    shard: Shard
    objects: ObjectStore
    encoder: Encoder
    captions: Mapping[str, str]
    progress: Progress

    def album(self, wanted: Collection[str]) -> Album:
        """Return the images drawn for every shard and those wanted here, as far as they have
        features."""
        files = self.shard.files("embed", "features")
        ids, features_NF = _gather(self.objects, files, self._drawn | set(wanted))
        captions = tuple(self.captions.get(image, "") for image in ids)
        return Album(ids=tuple(ids), features_NF=features_NF, captions=captions)

    def ask(self, sifted: Sequence[Sifted]) -> Ranked:
        """Return where each kept composed text alone ranks the images of its pair.

        Both are always among those searched. Nothing is found where no configured space can be
        searched: the caption space cannot where an image has no caption.
        """
        asked = {
            (one.description.pair.pair_id, each.written.text): (one.description.pair, each.written)
            for one in sifted for each in one.kept
            if each.written.task in (COMPOSED, COMPOSED_TO_TEXT)
        }  # fmt: skip
        pairs = [pair for pair, _ in asked.values()]
        album = self.album({end for pair in pairs for end in (pair.query_id, pair.target_id)})
        rows = {image: row for row, image in enumerate(album.ids)}
        texts, at_M = np.unique([text for _, text in asked] or [""], return_inverse=True)
        spaces = self._spaces(album, [str(text) for text in texts], at_M) if asked else []
        if not spaces:
            return Ranked(places={}, leads={}, num_gallery=len(rows))
        ends = [(rows[pair.query_id], rows[pair.target_id]) for pair in pairs]
        leads = dict(zip(asked, find_leads(spaces, ends), strict=True))
        return Ranked(
            places=dict(zip(asked, find_places(spaces, [row for _, row in ends]), strict=True)),
            leads={key: lead for key, lead in leads.items() if asked[key][1].language == READ},
            num_gallery=len(rows),
        )

    @cached_property
    def _drawn(self) -> set[str]:
        most = self.shard.config.gating.answerable.gallery
        every = load_catalog(self.objects, self.shard.files("dedupe", "images"))
        return set(sorted(every, key=lambda image: order_key(0, "gallery", image))[:most])

    def _spaces(
        self, album: Album, texts: Sequence[str], at_M: NDArray[np.int64]
    ) -> list[Space]:  # fmt: skip
        wanted, encoder = self.shard.config.gating.answerable.spaces, self.encoder
        texts_MT = self._read(texts)[at_M]
        found = []
        if "visual_semantic" in wanted:
            head = Retriever.untrained(encoder.head(), encoder_id=encoder.encoder_id)
            found.append(Space(texts_MD=head.embed_texts(texts_MT),
                               images_ND=head.embed_images(album.features_NF)))  # fmt: skip
        images_ND = self._told(album.ids) if "caption" in wanted else None
        if images_ND is not None:
            found.append(Space(texts_MD=encoder.project("caption", texts_MT),
                               images_ND=images_ND))  # fmt: skip
        return found

    def _told(self, ids: Sequence[str]) -> Floats | None:
        """Return the images' captions in the caption space; None where one has none."""
        spaces = [space for space in self.encoder.spaces if space.name == "caption"]
        if not spaces:
            return None
        files = self.shard.files("embed", f"embeddings/{spaces[0].space_id}")
        told, vectors_ND = _gather(self.objects, files, set(ids))
        rows = {image: row for row, image in enumerate(told)}
        if not rows.keys() >= set(ids):
            return None
        return vectors_ND[[rows[image] for image in ids]]

    def _read(self, texts: Sequence[str]) -> Floats:
        parts = [np.zeros((0, self.encoder.text_dim), np.float32)]
        for start in range(0, len(texts), TEXTS_AT_ONCE):
            parts.append(self.encoder.text_features(texts[start : start + TEXTS_AT_ONCE]))
            self.progress.advance(0)
        return np.concatenate(parts)


def _gather(
    objects: ObjectStore, files: Sequence[DataFile], wanted: Collection[str]
) -> tuple[list[str], Floats]:
    """Return ids and vectors, (N, D), of the images wanted, in order of the files; one file is held
    at a time."""
    ids: list[str] = []
    parts: list[Floats] = []
    for file in files:
        found, vectors_ND = read_vectors(objects, [file])
        rows = [row for row, image in enumerate(found) if image in wanted]
        if rows:
            ids.extend(found[row] for row in rows)
            parts.append(vectors_ND[rows])
    return ids, np.concatenate(parts) if parts else np.zeros((0, 0), np.float32)
