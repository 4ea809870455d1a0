"""Describe mined pairs: pairs → descriptions. Knows records; knows no describer's inside.

A pair that cannot be described is left out with the describer's rule. An image that nobody
captioned is described by what a machine made of it, and the description's author says so.
"""

from dataclasses import replace

from pairmill.core.captions import ON_MACHINE_CAPTIONS, MachineCaption, agree, lend, needs_caption
from pairmill.core.errors import FormatError, RejectError
from pairmill.core.records import Description, ImageRecord, Pair
from pairmill.pipeline.commit import Counts
from pairmill.pipeline.images import load_catalog, load_machine_captions
from pairmill.pipeline.output import Output
from pairmill.pipeline.progress import Progress
from pairmill.pipeline.shard import Shard, read_records
from pairmill.ports.describer import Describer, PairView
from pairmill.ports.objects import ObjectStore

BATCH = 32
"""Pairs handed over at once; between two batches the lease is renewed."""


def describe(
    shard: Shard, out: Output, objects: ObjectStore, describer: Describer, progress: Progress
) -> Counts:
    """Say of every pair of the shard what its images share and how they differ."""
    catalog = load_catalog(objects, shard.files("dedupe", "images"))
    made = load_machine_captions(objects, shard.files("embed", "captions"))
    pairs = list(read_records(objects, shard.files("select", "pairs"), Pair))
    described: list[Description] = []
    for start in range(0, len(pairs), BATCH):
        views = [view_of(pair, catalog, made) for pair in pairs[start : start + BATCH]]
        for view, outcome in zip(views, describer.describe(views), strict=True):
            if isinstance(outcome, RejectError):
                keys = (view.pair.query_id, view.pair.target_id)
                out.reject(view.pair.pair_id, outcome.rule, outcome.value, keys=keys)
            else:
                described.append(_marked(outcome, view, catalog))
        progress.advance(len(views))
    out.table("descriptions", Description, described)
    return out.close(inputs=len(pairs), outputs=len(described))


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
