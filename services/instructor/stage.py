"""Write search instructions: descriptions → triplets. Knows records; sees no image.

A description from which nothing can be written is left out with the instructor's rule. What a
language model wrote for further tasks and languages lies beside the triplets, with its raw answers.
"""

from pairmill.core.costing import count_answers
from pairmill.core.errors import RejectError
from pairmill.core.records import Description, Triplet
from pairmill.core.synthesis import COMPOSED, PairText, RawAnswer, Written
from pairmill.pipeline.commit import Counts
from pairmill.pipeline.output import Output
from pairmill.pipeline.progress import Progress, follow
from pairmill.pipeline.shard import Shard, read_records
from pairmill.ports.instructor import Instructor
from pairmill.ports.objects import ObjectStore

ANSWERS, TRIPLETS, TEXTS = "answers/instruct", "written/triplets", "written/texts"
"""What a language model answered, as it came, and all texts made of it, are not there where none is
asked. What the gates leave of triplets and texts lies in `triplets` and `texts`."""

Found = dict[str, tuple[Written, ...] | RejectError]
"""What was written, by pair."""


def instruct(
    shard: Shard, out: Output, objects: ObjectStore, instructor: Instructor, progress: Progress
) -> Counts:
    """Turn every description of the shard into a triplet with several instructions."""
    files = shard.files("describe", "descriptions")
    descriptions = list(read_records(objects, files, Description))
    found: Found = {}
    for description, outcome in follow(instructor.each(descriptions), progress):
        found[description.pair.pair_id] = outcome
    written = _sorted_out(descriptions, found, out)
    out.table(TRIPLETS, Triplet, [
        triplet_of(description, tuple(each.text for each in texts if each.task == COMPOSED),
                   instructor.author)
        for description, texts in written
    ])  # fmt: skip
    if raw := instructor.take_raw():
        out.table(ANSWERS, RawAnswer, raw)
        out.facts["answers"] = count_answers(raw)
        out.table(TEXTS, PairText, [
            PairText(pair_id=description.pair.pair_id, **vars(each))
            for description, texts in written for each in texts
        ])  # fmt: skip
    return out.close(inputs=len(descriptions), outputs=len(written))


def _sorted_out(
    descriptions: list[Description], found: Found, out: Output
) -> list[tuple[Description, tuple[Written, ...]]]:
    """Return what was written in the order of the descriptions; the others become rejects."""
    written: list[tuple[Description, tuple[Written, ...]]] = []
    for description in descriptions:
        pair, outcome = description.pair, found[description.pair.pair_id]
        if isinstance(outcome, RejectError):
            keys = (pair.query_id, pair.target_id)
            out.reject(pair.pair_id, outcome.rule, outcome.value, keys=keys)
        else:
            written.append((description, outcome))
    return written


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
