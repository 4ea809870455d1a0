"""Train a retriever on triplets. Knows commits and rows; knows no loss and no tower.

train: splits, triplets, edits, features, captions → checkpoint.
"""

from dataclasses import dataclass
from typing import Any

from pairmill.core.ids import digest_of
from pairmill.models.freed import ALL, keep_freed_memory
from pairmill.models.joining import device_here, together
from pairmill.models.loop import Outcome, Training
from pairmill.models.retriever import Retriever
from pairmill.models.threads import settle_threads
from pairmill.pipeline.checkpoint import Attempt
from pairmill.pipeline.commit import Counts
from pairmill.pipeline.images import Images
from pairmill.pipeline.output import Output
from pairmill.pipeline.shard import Shard
from pairmill.ports.encoder import Encoder
from services.trainer.building import Builder
from services.trainer.gathering import Material, drop_unseen_edits, read_material, to_rows
from services.trainer.telling import facts_of, facts_of_none
from services.trainer.texts import TextFeatures

READ = {
    "splits": ("split", "splits"),
    "triplets": ("gate", "triplets"),
    "features": ("embed", "features"),
    "images": ("dedupe", "images"),
    "edits": ("edit", "triplets"),
    "edit_features": ("embed_edits", "features"),
}
"""What a training reads, by the name in its card: node and data set."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What a training works with: its task's ports."""

    shard: Shard
    images: Images
    encoder: Encoder
    attempt: Attempt

    @property
    def builder(self) -> Builder:
        """Builds the model."""
        return Builder(shard=self.shard, images=self.images, encoder=self.encoder,
                       device=device_here())  # fmt: skip


def train(shard: Shard, out: Output, images: Images, encoder: Encoder, attempt: Attempt) -> Counts:
    """Train on the split's triplets; publish the better of the trained and the untrained one."""
    desk = Desk(shard=shard, images=images, encoder=encoder, attempt=attempt)
    desk.builder.check()
    material = read_material(shard, images.objects)
    num_triplets = len(material)
    drop_unseen_edits(shard, images.objects, out, material)
    why = too_little(shard, material)
    if why:
        published, facts = _untrained(desk), facts_of_none(why)
    else:
        published, facts = _decided(desk, fit(desk, material))
    for ending, data in published.items():
        out.blob("checkpoint", data, ending)
    out.facts |= facts
    return out.close(inputs=num_triplets, outputs=len(material))


def too_little(shard: Shard, material: Material) -> str:
    """Return why nothing is trained, or an empty string."""
    config = shard.config.training
    if floor := shard.facts("split").get("floor", ""):
        return f"{floor}: the untrained retriever is published"
    got = len(material.train) * ("mined" in config.sources)
    got += len(material.edits) * ("edit" in config.sources)
    if got < config.min_triplets:
        return (f"{got} triplets to train on, and training.min_triplets asks for "
                f"{config.min_triplets}: the untrained retriever is published")  # fmt: skip
    if not material.validation and not material.validation_edits:
        return ("no triplet has both its images held out, so nothing could judge a training: the "
                "untrained retriever is published")  # fmt: skip
    return ""


def fit(desk: Desk, material: Material) -> Outcome:
    """Encode the texts, then train from where a former attempt stopped, alone or with others."""
    shard, config, progress = desk.shard, desk.shard.config.training, desk.attempt.progress
    objects = desk.images.objects
    num_texts = len(set(material.texts()))
    progress.total(num_texts + config.align_steps + config.compose_steps)
    texts = TextFeatures(objects=objects, prefix=f"{shard.home}/features/texts",
                         encoder=desk.encoder, progress=progress)  # fmt: skip
    data = to_rows(shard, objects, material, texts)
    model = desk.builder.model(data, material)
    settle_threads(shard.config.encoder.threads)
    keep_freed_memory(ALL)
    seed = shard.config.seed + config.seed_offset
    with together(config.processes) as world:
        training = Training(model, data, config, seed=seed, world=world)
        progress.total(num_texts + training.num_steps)
        return training.run(desk.attempt.checkpoints, progress)


def _decided(desk: Desk, outcome: Outcome) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Return the files of the better one, and the facts."""
    shard, standing = desk.shard, outcome.standing
    config = shard.config.training
    digests = {name: [file.sha256 for file in shard.files(node, data_set)]
               for name, (node, data_set) in READ.items()}  # fmt: skip
    card = {
        "encoder_id": desk.encoder.encoder_id,
        "run": shard.graph.spec.name,
        "step": standing.best_step,
        "training": config.model_dump(mode="json"),
        "data": {name: digest_of(found) for name, found in digests.items()},
    }
    files, version = desk.builder.files(outcome, card)
    facts = facts_of(outcome, version, config)
    return (files if facts["published"] else _untrained(desk)), facts


def _untrained(desk: Desk) -> dict[str, bytes]:
    encoder = desk.encoder
    return Retriever.untrained(encoder.head(), encoder_id=encoder.encoder_id).save()
