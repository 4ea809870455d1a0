"""Split triplets, mined ones and edits, by the images that they show. Knows records and ids; knows
no feature.

split: triplets → splits.
"""

from pairmill.core.records import Split, Triplet
from pairmill.pipeline.commit import Counts
from pairmill.pipeline.output import Output
from pairmill.pipeline.shard import Shard, read_records
from pairmill.ports.objects import ObjectStore
from services.trainer.holding import CROSSING, part_of


def split(shard: Shard, out: Output, objects: ObjectStore) -> Counts:
    """Hold out a share of the images by id, and sort the triplets by what they show."""
    share, seed = shard.config.training.held_out, shard.config.seed
    files = [*shard.files("instruct", "triplets"), *shard.files("edit", "triplets")]
    found: list[Split] = []
    inputs = 0
    for triplet in read_records(objects, files, Triplet):
        inputs += 1
        part = part_of(triplet, seed=seed, share=share)
        if part == CROSSING:
            out.reject(triplet.pair_id, CROSSING, "one of both images is held out",
                       keys=(triplet.query_id, triplet.target_id))  # fmt: skip
        else:
            found.append(Split(pair_id=triplet.pair_id, part=part))
    found.sort(key=lambda each: each.pair_id)
    out.table("splits", Split, found)
    return out.close(inputs=inputs, outputs=len(found))
