"""The three that are compared: raw features, the shipped head untouched, the published checkpoint.

Knows commits and retrievers; knows no figure.
"""

from dataclasses import dataclass

from pairmill.models.retriever import Retriever
from services.evaluator.case import Desk
from services.evaluator.judging import MODES, Embeds, Floats

Contestants = dict[str, tuple[Embeds, tuple[str, ...]]]
"""Name in the figures to what embeds, and the modes in which it can be judged."""


@dataclass(frozen=True)
class Raw:
    """Standardised image features without a head: what is there before anything is learnt."""

    retriever: Retriever

    def embed_images(self, features_NF: Floats) -> Floats:
        """Return standardised features, unit norm, (N, F)."""
        return self.retriever.standardise(features_NF)

    def embed_queries(self, features_QF: Floats | None, features_QT: Floats | None) -> Floats:
        """Return the same for query images; texts have no place among image features."""
        if features_QF is None or features_QT is not None:
            raise ValueError("raw features compare images only; judge them in image_only")
        return self.retriever.standardise(features_QF)


@dataclass(frozen=True, kw_only=True)
class Sharing:
    """Takes its own part of features that stand side by side; the others are another's."""

    embeds: Embeds
    images: slice
    texts: slice

    def embed_images(self, features_NF: Floats) -> Floats:
        """Return the embeddings of candidates, (N, D)."""
        return self.embeds.embed_images(features_NF[:, self.images])

    def embed_queries(self, features_QF: Floats | None, features_QT: Floats | None) -> Floats:
        """Return the embeddings of queries, (Q, D)."""
        image_QF = None if features_QF is None else features_QF[:, self.images]
        text_QT = None if features_QT is None else features_QT[:, self.texts]
        return self.embeds.embed_queries(image_QF, text_QT)


def read_contestants(desk: Desk) -> Contestants:
    """Return `raw`, `before` and `after`, of which each finds its features where `desk.towers` has
    them.

    Raises FormatError where the run's checkpoint is damaged, ConfigError where it was trained on
    another encoder than this process has.
    """
    encoder, opened = desk.encoder, desk.opened
    before = Retriever.untrained(encoder.head(), encoder_id=encoder.encoder_id)
    found: Contestants = {
        "raw": (Raw(before), ("image_only",)),
        "before": (before, MODES),
        "after": (opened.retriever, MODES),
    }
    if not opened.anew:
        return found
    locked = slice(None, encoder.image_dim), slice(None, encoder.text_dim)
    trained = slice(encoder.image_dim, None), slice(encoder.text_dim, None)
    parts = {"raw": locked, "before": locked, "after": trained}
    return {
        name: (Sharing(embeds=embeds, images=parts[name][0], texts=parts[name][1]), modes)
        for name, (embeds, modes) in found.items()
    }
