"""The three that are compared: raw features, the shipped head untouched, the published checkpoint.

Knows commits and retrievers; knows no figure.
"""

from dataclasses import dataclass

from pairmill.models.retriever import Retriever
from pairmill.pipeline.published import read_checkpoint
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


def read_contestants(desk: Desk) -> Contestants:
    """Return `raw`, `before` and `after`.

    Raises FormatError where the run's checkpoint is damaged, ConfigError where it was trained on
    another encoder than this process has.
    """
    files = desk.shard.files("train", "checkpoint")
    encoder_id = desk.encoder.encoder_id
    before = Retriever.untrained(desk.encoder.head(), encoder_id=encoder_id)
    after = Retriever.load(*read_checkpoint(desk.objects, files), encoder_id=encoder_id)
    return {
        "raw": (Raw(before), ("image_only",)),
        "before": (before, MODES),
        "after": (after, MODES),
    }
