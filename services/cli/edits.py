"""Draw edits beside the images that they were made of. Knows a finished run and sheets; edits
nothing.
"""

from collections import defaultdict

from pairmill.core.ids import order_key
from pairmill.core.records import ImageRecord, Triplet
from pairmill.pipeline.shard import read_records
from services.cli.sheet import Block, Card, Strip, query_card
from services.standalone.finished import FinishedRun

INSTRUCTIONS = 3
"""As many as stay legible beneath a picture."""


def edit_blocks(opened: FinishedRun, num: int, seed: int) -> tuple[str, list[Block]]:
    """Return a title, and a block for each of `num` images with its edits and what asks for them.

    Raises RootError where the run has not come so far.
    """
    objects = opened.ports.objects
    triplets = read_records(objects, opened.files("edit", "triplets"), Triplet)
    edits: defaultdict[str, list[Triplet]] = defaultdict(list)
    for triplet in triplets:
        edits[triplet.query_id].append(triplet)
    drawn = sorted(edits, key=lambda image_id: order_key(seed, "show", image_id))[:num]
    blocks = [_block(opened, image_id, edits[image_id]) for image_id in drawn]
    total = sum(map(len, edits.values()))
    return f"The edits of {len(blocks):,} of {len(edits):,} images, {total:,} in all", blocks


def _block(opened: FinishedRun, image_id: str, triplets: list[Triplet]) -> Block:
    cards = tuple(_card(opened, triplet) for triplet in triplets)
    query = query_card(opened.picture(image_id), opened.caption(image_id))
    return Block(query=query, strips=(Strip(cards=cards),))


def _card(opened: FinishedRun, triplet: Triplet) -> Card:
    record = opened.edits[triplet.target_id]
    said = "\n".join(f"“{text}”" for text in triplet.instructions[:INSTRUCTIONS])
    return Card(image=opened.picture(triplet.target_id), line=name_of(record), note=said,
                tone="right")  # fmt: skip


def name_of(record: ImageRecord) -> str:
    """Return what was done: operation and value, or one of them where they say the same."""
    operation, value = (record.attributes[name][0] for name in ("operation", "value"))
    return value if operation in value else f"{operation}: {value}"
