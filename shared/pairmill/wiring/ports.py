"""What one run is done with: stores, and the models that its configuration names.

Names vendors; knows no stage. Everything is made when it is first asked for, so that a worker
loads only what its stage needs.
"""

from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from pairmill.config import EncoderConfig, RunConfig
from pairmill.pipeline.images import Images, Pictures
from pairmill.pipeline.runs import Places
from pairmill.pipeline.spending import Spending
from pairmill.ports.captioner import Captioner
from pairmill.ports.describer import Describer
from pairmill.ports.encoder import Encoder
from pairmill.ports.instructor import Instructor
from pairmill.ports.jobs import Jobs
from pairmill.ports.judge import OpenJudge, Scales
from pairmill.ports.ledger import Ledger
from pairmill.ports.objects import ObjectStore
from pairmill.ports.queue import TaskQueue
from pairmill.ports.vectors import VectorStore
from pairmill.settings import Settings
from pairmill.wiring.stores import Stores

if TYPE_CHECKING:
    from pairmill.models.opening import Opener  # torch, which only some services have


@dataclass(frozen=True)
class Ports:
    """What one run is done with. spending: the books of what it asks language models."""

    stores: Stores
    config: RunConfig
    places: Places
    spending: Spending = field(default_factory=Spending, compare=False)

    @property
    def settings(self) -> Settings:
        """The process's settings."""
        return self.stores.settings

    @property
    def objects(self) -> ObjectStore:
        """All runs' objects."""
        return self.stores.objects

    @property
    def ledger(self) -> Ledger:
        """Knows who works on what."""
        return self.stores.ledger

    @property
    def queue(self) -> TaskQueue:
        """Rings for tasks."""
        return self.stores.queue

    @property
    def jobs(self) -> Jobs:
        """Starts trainings and evaluations."""
        return self.stores.jobs

    @cached_property
    def source(self) -> ObjectStore:
        """The corpus's own files."""
        return self.stores.open_source(self.places.source)

    @cached_property
    def gallery(self) -> ObjectStore:
        """The gallery's own files."""
        return self.stores.open_source(self.places.gallery)

    @property
    def pictures(self) -> Pictures:
        """The images of corpus and gallery."""
        return Pictures(corpus=Images(self.objects, self.source),
                        gallery=Images(self.objects, self.gallery))  # fmt: skip

    @cached_property
    def vectors(self) -> VectorStore:
        """The engine that mining asks for neighbours."""
        return self.stores.vectors(self.config.mining.engine, self.config.mining.hnsw_ef)

    @property
    def encoder(self) -> Encoder:
        """The two towers and their spaces; loaded once a process."""
        return _encoder(self.settings.cache, self.config.encoder.model_copy(update={"batch": 1}))

    @property
    def opener(self) -> "Opener":
        """Opens checkpoints that stand on the encoder; loads none of its weights by itself."""
        from pairmill.models.opening import Opener

        return Opener(self.encoder, self.config.encoder)

    @property
    def captioner(self) -> Captioner:
        """Says what one image shows; a new one for each task."""
        from pairmill.wiring.writers import open_captioner

        read = self.pictures.corpus.read
        return open_captioner(self.config, self.settings.chat, self.objects, read, self.spending)

    @property
    def describer(self) -> Describer:
        """Says what two images share and what differs; a new one for each task."""
        from pairmill.wiring.writers import open_describer

        read = self.pictures.corpus.read
        return open_describer(self.config, self.settings.chat, self.objects, read, self.spending)

    @property
    def instructor(self) -> Instructor:
        """Writes the instructions; a new one for each task."""
        from pairmill.wiring.writers import open_instructor

        return open_instructor(self.config, self.settings.chat, self.objects, self.spending)

    @property
    def scales(self) -> Scales:
        """Who searches by what was written, and who judges it; a new judge for each task."""
        return Scales(encoder=self.encoder, open_judge=self._open_judge)

    @property
    def _open_judge(self) -> OpenJudge:
        from pairmill.wiring.judges import Asked, chat_judge, encoder_judge

        if self.config.gating.judging.judge == "encoder":
            return partial(encoder_judge, self.config, self.encoder)
        asked = Asked(self.settings.chat, self.objects, self.pictures.corpus.read, self.spending)
        return partial(chat_judge, self.config, asked)


@lru_cache(maxsize=2)
def _encoder(cache: Path, config: EncoderConfig) -> Encoder:
    if config.name == "open_clip":
        from pairmill.adapters.encoder import open_clip

        return open_clip.open_encoder(config)
    if config.name == "transformers":
        from pairmill.adapters.encoder import transformers

        return transformers.open_encoder(config)
    from pairmill.adapters.encoder.starter import StarterEncoder

    return StarterEncoder(cache=cache, threads=config.threads)
