"""Caption the images that nobody captioned: look at their pixels, ask for their labels, read their
names. Knows the encoder port and how words are put; writes nothing and embeds nothing.
"""

# N images, F features

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pairmill.config import CaptioningConfig
from pairmill.core.captions import MachineCaption, Seen, make_caption, needs_caption
from pairmill.core.colours import main_colours
from pairmill.core.records import ImageRecord
from pairmill.ports.encoder import Encoder

SIDE = 64
"""Pixels of the longest side at which colours are counted: each is a mean over what was there."""


@dataclass(frozen=True, kw_only=True)
class Captioner:
    """Makes captions by rules for images without a human one, with `captioner: rules` alone; with
    `llm` they are those that the model was asked for before, by image."""

    config: CaptioningConfig
    encoder: Encoder
    asked: Mapping[str, MachineCaption] = field(default_factory=dict)
    colours: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def wants(self, record: ImageRecord) -> bool:
        """Say whether an image is to be captioned here."""
        return self.config.captioner == "rules" and needs_caption(record)

    def look(self, record: ImageRecord, image: Image.Image) -> None:
        """Remember the main colours of an image that is to be captioned; safe on any thread."""
        if self.wants(record):
            scale = min(1.0, SIDE / max(image.size))
            width, height = (max(1, round(side * scale)) for side in image.size)
            small = image.resize((width, height), Image.Resampling.BOX)
            self.colours[record.image_id] = main_colours(np.asarray(small))

    def captions(
        self, records: Sequence[ImageRecord], features_NF: NDArray[np.float32]
    ) -> list[MachineCaption]:
        """Return the captions of those images that want one and of which something can be told."""
        if self.asked:
            found = (self.asked.get(record.image_id) for record in records)
            return [caption for caption in found if caption]
        rows = [row for row, record in enumerate(records) if self.wants(record)]
        if not rows:
            return []
        classes, southern = self._classes(features_NF[rows]), self.config.southern
        made = [
            make_caption(records[row], self._seen(records[row], found), southern=southern)
            for row, found in zip(rows, classes, strict=True)
        ]
        return [caption for caption in made if caption.text]

    def _seen(self, record: ImageRecord, classes: tuple[str, ...]) -> Seen:
        return Seen(classes=classes, colours=self.colours.get(record.image_id, ()))

    def _classes(self, features_NF: NDArray[np.float32]) -> list[tuple[str, ...]]:
        """Return the names that are likely enough. Two that exclude one another are never both
        above a half, so that each but the first is a broader name of the first."""
        least = self.config.min_probability
        found = self.encoder.labels(features_NF)
        return [tuple(label.name for label in labels if label.probability >= least)
                for labels in found]  # fmt: skip
