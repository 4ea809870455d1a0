"""Open a checkpoint with the towers whose features its head takes: locked ones, or its own.

Knows checkpoints and the encoder port; knows no store, no image file and no stage.
"""

from dataclasses import dataclass
from typing import cast

from pairmill.config import EncoderConfig
from pairmill.core.ids import digest_of
from pairmill.models.checkpoints import check_encoder, has_towers, parse_checkpoint
from pairmill.models.heads import load_heads
from pairmill.models.retriever import Retriever
from pairmill.models.tower_device import Device
from pairmill.models.tower_trained import TrainedTowers
from pairmill.models.whole_checkpoint import put_on
from pairmill.ports.encoder import Encoder, Towers, TrainableEncoder


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A checkpoint's retriever, and the towers whose features it takes.

    anew: these are the checkpoint's own, trained ones (`trainable: all`), so that images and texts
    must pass them; else they are the encoder's, and the features that `embed` wrote are theirs.
    """

    towers: Towers
    retriever: Retriever
    anew: bool


@dataclass(frozen=True)
class Opener:
    """Opens the checkpoints of one encoder.

    config: how trained towers run, in threads and precision.
    """

    encoder: Encoder
    config: EncoderConfig

    def open(self, checkpoint: tuple[bytes, bytes], *, check: bool = True) -> Opened:
        """Return what a checkpoint, weights and config, holds; no code in it is run.

        check: that a head stands on this encoder. Whoever knows where its features come from may
        leave it out, and then needs none of the encoder's files. Raises as `Retriever.load`, and
        FormatError where trained towers are another model's.
        """
        wanted = self.encoder.encoder_id if check else ""
        arrays, card = parse_checkpoint(*checkpoint, encoder_id=wanted)
        if not has_towers(arrays):
            return Opened(
                towers=self.encoder, retriever=Retriever(load_heads(arrays), card), anew=False
            )
        check_encoder(card, self.encoder.encoder_id)
        joint = cast("TrainableEncoder", self.encoder).joint()
        retriever = Retriever(put_on(joint, arrays), card)
        device = Device(threads=self.config.threads, precision=self.config.precision)
        encoder_id = digest_of([card["encoder_id"], card["weights_sha256"]])
        return Opened(towers=TrainedTowers(joint, device, encoder_id), retriever=retriever,
                      anew=True)  # fmt: skip
