"""Split triplets, mined ones and edits, by the images that they show. Knows records and ids; knows
no feature.

split: triplets → splits.
"""

from pairmill.core.errors import CorpusError
from pairmill.core.records import Split, Triplet
from pairmill.pipeline.commit import Counts
from pairmill.pipeline.gating import why_nothing_is_learnt
from pairmill.pipeline.output import Output
from pairmill.pipeline.shard import Shard, read_records
from pairmill.ports.objects import ObjectStore
from services.trainer.holding import CROSSING, part_of


def split(shard: Shard, out: Output, objects: ObjectStore) -> Counts:
    """Hold out a share of the images by id, and sort the triplets by what they show.

    The fact `floor` says why nothing may be trained, where the gates kept too little. Raises
    CorpusError there instead, with `gating.floor_action: stop`.
    """
    out.facts["floor"] = _below_floor(shard)
    share, seed = shard.config.training.held_out, shard.config.seed
    files = [*shard.files("gate", "triplets"), *shard.files("edit", "triplets")]
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


def _below_floor(shard: Shard) -> str:
    config = shard.config.gating
    why = why_nothing_is_learnt(config, shard.commits["gate"])
    if why and config.floor_action == "stop":
        raise CorpusError(f"{why}; with gating.floor_action: untrained the run goes on without a "
                          "training")  # fmt: skip
    return why
