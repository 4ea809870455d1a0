"""Write search instructions: descriptions → triplets. Knows records; sees no image.

A description from which nothing can be written is left out with the instructor's rule.
"""

from pairmill.core.errors import RejectError
from pairmill.core.records import Description, Triplet
from pairmill.pipeline.commit import Counts
from pairmill.pipeline.output import Output
from pairmill.pipeline.progress import Progress
from pairmill.pipeline.shard import Shard, read_records
from pairmill.ports.instructor import Instructor
from pairmill.ports.objects import ObjectStore

BATCH = 32
"""Descriptions handed over at once; between two batches the lease is renewed."""


def instruct(
    shard: Shard, out: Output, objects: ObjectStore, instructor: Instructor, progress: Progress
) -> Counts:
    """Turn every description of the shard into a triplet with several instructions."""
    files = shard.files("describe", "descriptions")
    descriptions = list(read_records(objects, files, Description))
    triplets: list[Triplet] = []
    for start in range(0, len(descriptions), BATCH):
        batch = descriptions[start : start + BATCH]
        for description, outcome in zip(batch, instructor.instruct(batch), strict=True):
            if isinstance(outcome, RejectError):
                keys = (description.pair.query_id, description.pair.target_id)
                out.reject(description.pair.pair_id, outcome.rule, outcome.value, keys=keys)
            else:
                triplets.append(triplet_of(description, outcome, instructor.author))
        progress.advance(len(batch))
    out.table("triplets", Triplet, triplets)
    return out.close(inputs=len(descriptions), outputs=len(triplets))


def triplet_of(description: Description, instructions: tuple[str, ...], author: str) -> Triplet:
    """Return the triplet of a description; the query image is always its first negative."""
    pair = description.pair
    assert pair.negatives[:1] == (pair.query_id,), f"{pair.pair_id}: query is no negative"
    assert pair.target_id not in pair.negatives, f"{pair.pair_id}: target is a negative"
    return Triplet(
        pair_id=pair.pair_id,
        query_id=pair.query_id,
        target_id=pair.target_id,
        relations=tuple(relation.space for relation in pair.relations),
        instructions=instructions,
        negatives=pair.negatives,
        author=f"describer {description.author}, instructor {author}",
    )
