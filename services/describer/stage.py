"""Describe mined pairs: pairs → descriptions. Knows records; knows no describer's inside.

A pair that cannot be described is left out with the describer's rule. A describer that reads
captions is lent what a machine made of an image that nobody captioned, and the description's author
says so.
"""

from dataclasses import replace

from pairmill.core.captions import ON_MACHINE_CAPTIONS, MachineCaption, agree, lend, needs_caption
from pairmill.core.costing import count_answers
from pairmill.core.errors import FormatError, RejectError
from pairmill.core.records import Description, ImageRecord, Pair
from pairmill.core.synthesis import RawAnswer
from pairmill.pipeline.commit import Counts
from pairmill.pipeline.images import load_catalog, load_machine_captions
from pairmill.pipeline.output import Output
from pairmill.pipeline.progress import Progress, follow
from pairmill.pipeline.shard import Shard, read_records
from pairmill.ports.describer import Describer, PairView
from pairmill.ports.objects import ObjectStore

ANSWERS = "answers/describe"
"""What a language model answered, as it came; not there where none is asked."""


def describe(
    shard: Shard, out: Output, objects: ObjectStore, describer: Describer, progress: Progress
) -> Counts:
    """Say of every pair of the shard what its images share and how they differ."""
    catalog = load_catalog(objects, shard.files("dedupe", "images"))
    reads = shard.config.describing.reads_captions
    made = load_machine_captions(objects, shard.files("embed", "captions")) if reads else {}
    pairs = list(read_records(objects, shard.files("select", "pairs"), Pair))
    found: dict[str, Description | RejectError] = {}
    views = (view_of(pair, catalog, made) for pair in pairs)
    for view, outcome in follow(describer.each(views), progress):
        found[view.pair.pair_id] = (
            _marked(outcome, view, catalog) if isinstance(outcome, Description) else outcome
        )
    described = _sorted_out(pairs, found, out)
    out.table("descriptions", Description, described)
    if raw := describer.take_raw():
        out.table(ANSWERS, RawAnswer, raw)
        out.facts["answers"] = count_answers(raw)
    return out.close(inputs=len(pairs), outputs=len(described))


def _sorted_out(
    pairs: list[Pair], found: dict[str, Description | RejectError], out: Output
) -> list[Description]:
    """Return the descriptions in the order of the pairs; those without one become rejects."""
    described: list[Description] = []
    for pair in pairs:
        outcome = found[pair.pair_id]
        if isinstance(outcome, RejectError):
            keys = (pair.query_id, pair.target_id)
            out.reject(pair.pair_id, outcome.rule, outcome.value, keys=keys)
        else:
            described.append(outcome)
    return described


def view_of(
    pair: Pair, catalog: dict[str, ImageRecord], made: dict[str, MachineCaption]
) -> PairView:
    """Return the pair with its images, captioned by machine where nobody did; FormatError where one
    is not in the catalogue."""
    for image in (pair.query_id, pair.target_id):
        if image not in catalog:
            raise FormatError(
                f"pair {pair.pair_id}: image {image} is not among those that dedupe committed; "
                "the output folder is damaged: restore it, or run anew"
            )
    query, target = catalog[pair.query_id], catalog[pair.target_id]
    made_of_query, made_of_target = agree(*(
        made.get(image.image_id) if needs_caption(image) else None for image in (query, target)
    ))  # fmt: skip
    return PairView(pair=pair, query=lend(query, made_of_query),
                    target=lend(target, made_of_target))  # fmt: skip


def _marked(
    description: Description, view: PairView, catalog: dict[str, ImageRecord]
) -> Description:
    """Return the description, whose author says so where it rests on a machine's captions."""
    if view.query is catalog[view.query.image_id] and view.target is catalog[view.target.image_id]:
        return description
    return replace(description, author=description.author + ON_MACHINE_CAPTIONS)
