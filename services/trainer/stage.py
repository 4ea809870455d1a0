"""Split triplets and train a retriever on them. Knows commits and rows; knows no loss and no tower.

split: triplets → splits. train: splits, triplets, features, captions → checkpoint.
"""

from dataclasses import dataclass
from typing import Any

from pairmill.core.ids import digest_of, sha256_hex
from pairmill.core.records import Split, Triplet
from pairmill.models.heads import load_heads
from pairmill.models.loop import Outcome, Training
from pairmill.models.retriever import Retriever
from pairmill.models.threads import settle_threads
from pairmill.pipeline.checkpoint import Attempt
from pairmill.pipeline.commit import Counts
from pairmill.pipeline.output import Output
from pairmill.pipeline.shard import Shard, read_records
from pairmill.ports.encoder import Encoder
from pairmill.ports.objects import ObjectStore
from services.trainer.gathering import Material, read_material, to_rows
from services.trainer.holding import CROSSING, part_of
from services.trainer.texts import TextFeatures

HIDDEN = 256
"""Units of a head's residual where the shipped head has none; 512 were no better and slower."""


def split(shard: Shard, out: Output, objects: ObjectStore) -> Counts:
    """Hold out a share of the images by id, and sort the triplets by what they show."""
    config, seed = shard.config.training, shard.config.seed
    found: list[Split] = []
    inputs = 0
    for triplet in read_records(objects, shard.files("instruct", "triplets"), Triplet):
        inputs += 1
        part = part_of(triplet, seed=seed, share=config.held_out)
        if part == CROSSING:
            out.reject(triplet.pair_id, CROSSING, "one of both images is held out",
                       keys=(triplet.query_id, triplet.target_id))  # fmt: skip
        else:
            found.append(Split(pair_id=triplet.pair_id, part=part))
    found.sort(key=lambda each: each.pair_id)
    out.table("splits", Split, found)
    return out.close(inputs=inputs, outputs=len(found))


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What a training works with: its task's ports."""

    shard: Shard
    objects: ObjectStore
    encoder: Encoder
    attempt: Attempt


def train(
    shard: Shard, out: Output, objects: ObjectStore, encoder: Encoder, attempt: Attempt
) -> Counts:
    """Train on the split's triplets; publish the better of the trained and the untrained one."""
    desk = Desk(shard=shard, objects=objects, encoder=encoder, attempt=attempt)
    material = read_material(shard, objects)
    num_triplets = len(material.train) + len(material.validation)
    untrained = Retriever.untrained(encoder.head(), encoder_id=encoder.encoder_id)
    published, facts = _train(desk, material, untrained)
    for ending, data in untrained.save().items():
        out.blob("untrained", data, ending)
    for ending, data in published.save().items():
        out.blob("checkpoint", data, ending)
    out.facts |= facts
    return out.close(inputs=num_triplets, outputs=num_triplets)


def _train(
    desk: Desk, material: Material, untrained: Retriever
) -> tuple[Retriever, dict[str, Any]]:
    why = _too_little(desk.shard, material)
    if why:
        facts = {"version": "untrained", "published": False, "why": why,
                 "validation": {}, "curve": []}  # fmt: skip
        return untrained, facts
    outcome = _fit(desk, material)
    trained = _retriever(desk, outcome)
    first, best = _scores(outcome, 0), _scores(outcome, outcome.standing.best_step)
    gained = outcome.standing.best_step > 0
    facts = {
        "version": trained.card["version"] if gained else "untrained",
        "published": gained,
        "why": _why(first, best, gained=gained),
        "validation": {"untrained": first, "trained": best},
        "curve": outcome.standing.curve,
    }
    return (trained if gained else untrained), facts


def _too_little(shard: Shard, material: Material) -> str:
    """Return why nothing is trained, or an empty string."""
    least, got = shard.config.training.min_triplets, len(material.train)
    if got < least:
        return (f"{got} triplets to train on, and training.min_triplets asks for {least}: the "
                "untrained retriever is published")  # fmt: skip
    if not material.validation:
        return ("no triplet has both its images held out, so nothing could judge a training: the "
                "untrained retriever is published")  # fmt: skip
    return ""


def _fit(desk: Desk, material: Material) -> Outcome:
    """Encode the texts, then train from where a former attempt stopped."""
    shard, config = desk.shard, desk.shard.config.training
    num_texts = len(set(material.texts()))
    desk.attempt.progress.total(num_texts + config.align_steps + config.compose_steps)
    texts = TextFeatures(objects=desk.objects, prefix=f"{shard.home}/features/texts",
                         encoder=desk.encoder, progress=desk.attempt.progress)  # fmt: skip
    data = to_rows(shard, desk.objects, material, texts)
    heads = load_heads(desk.encoder.head(), num_hidden=HIDDEN)
    settle_threads(shard.config.encoder.threads)
    training = Training(heads, data, config, seed=shard.config.seed)
    return training.run(desk.attempt.checkpoints, desk.attempt.progress)


def _retriever(desk: Desk, outcome: Outcome) -> Retriever:
    """Return the best heads with a card that says what they were trained on."""
    shard = desk.shard
    read = {"split": "splits", "instruct": "triplets", "embed": "features", "dedupe": "images"}
    digests = {data_set: [file.sha256 for file in shard.files(node, data_set)]
               for node, data_set in read.items()}  # fmt: skip
    card = {
        "encoder_id": desk.encoder.encoder_id,
        "run": shard.graph.spec.name,
        "step": outcome.standing.best_step,
        "training": shard.config.training.model_dump(mode="json"),
        "data": {name: digest_of(found) for name, found in digests.items()},
    }
    weights = Retriever(outcome.heads, card).save()["safetensors"]
    return Retriever(outcome.heads, {**card, "version": sha256_hex(weights)[:12]})


def _scores(outcome: Outcome, step: int) -> dict[str, float]:
    """Return recall@1 of the validation at a step, by kind of query."""
    kinds = ("composed", "image_only", "text_only", "text_to_image")
    row = next(row for row in outcome.standing.curve if row["step"] == step)
    return {kind: float(row[kind]) for kind in kinds if kind in row}


def _why(untrained: dict[str, float], trained: dict[str, float], *, gained: bool) -> str:
    before, after = untrained["composed"], trained["composed"]
    if gained:
        return f"validation: composed recall@1 rose from {before:.3f} to {after:.3f}"
    return (f"no state of the training validated better than the untrained retriever, whose "
            f"composed recall@1 is {before:.3f}: the untrained one is published")  # fmt: skip
