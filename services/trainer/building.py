"""Build the model that a training moves, and write what became of it. Knows the encoder, features
and pixels; knows no loss and no step.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import torch

from pairmill.core.errors import ConfigError
from pairmill.core.ids import sha256_hex
from pairmill.models.examples import TrainingData, num_shown
from pairmill.models.heads import Heads, load_heads
from pairmill.models.loop import Outcome
from pairmill.models.model import HeadsModel, Model
from pairmill.models.retriever import Retriever
from pairmill.models.whole import WholeModel
from pairmill.models.whole_checkpoint import save_whole
from pairmill.pipeline.images import Images
from pairmill.pipeline.shard import Shard
from pairmill.ports.encoder import Encoder, TrainableEncoder
from services.trainer.gathering import Material, read_features
from services.trainer.pixels import ImagePixels, image_records

HIDDEN = 256
"""Units of a head's residual where the shipped head has none; 512 were no better and slower."""

VERSION_HEX = 12


@dataclass(frozen=True, kw_only=True)
class Builder:
    """Builds one training's model. device: where a whole model is trained; heads stay on the
    processor, where their features are."""

    shard: Shard
    images: Images
    encoder: Encoder
    device: torch.device

    def check(self) -> None:
        """Raise ConfigError where the encoder cannot be trained as the config asks."""
        if self._whole and not hasattr(self.encoder, "joint"):
            raise ConfigError(
                "training.trainable is all, and the starter encoder cannot be trained: the batch "
                "norms of its image tower are folded away; wanted trainable: heads, or "
                "encoder.name: open_clip or transformers"
            )

    def model(self, data: TrainingData, material: Material) -> Model:
        """Return the model before training."""
        if not self._whole:
            heads = load_heads(self.encoder.head(), num_hidden=HIDDEN)
            config = self.shard.config.training
            return HeadsModel(heads, data.features, config.noise, config.text_noise,
                              locked=num_shown(data) < config.unlock_images)  # fmt: skip
        tower = cast("TrainableEncoder", self.encoder).joint()
        tower.module.to(self.device)
        ids, _ = read_features(self.shard, self.images.objects)
        pixels = ImagePixels(records=image_records(self.shard, self.images, ids.all),
                             images=self.images, fit=tower.image.fit,
                             threads=self.shard.config.encoder.threads)  # fmt: skip
        return WholeModel(tower, pixels, sorted(set(material.texts())))

    def files(self, outcome: Outcome, card: Mapping[str, Any]) -> tuple[dict[str, bytes], str]:
        """Return the checkpoint's files by ending, and its version, a digest of its weights."""
        sizes = sorted({*self.shard.config.training.nested_dims, outcome.model.dim})
        card = {**card, "temperature": outcome.temperature, "sizes": sizes}
        version = sha256_hex(self._saved(outcome, card)["safetensors"])[:VERSION_HEX]
        return self._saved(outcome, {**card, "version": version}), version

    def _saved(self, outcome: Outcome, card: Mapping[str, Any]) -> dict[str, bytes]:
        if isinstance(outcome.model, WholeModel):
            head = self.encoder.head()
            return save_whole(outcome.model.tower, head, outcome.temperature, card)
        return Retriever(cast("Heads", outcome.model.module), card).save()

    @property
    def _whole(self) -> bool:
        return self.shard.config.training.trainable == "all"
