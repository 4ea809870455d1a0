"""`pairmill show`: contact sheets of the triplets, pairs and rejects of a run."""

from collections.abc import Iterable
from enum import Enum
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from pairmill.core.errors import RootError
from pairmill.core.ids import order_key
from pairmill.core.records import Pair, Reject, Triplet
from pairmill.pipeline.shard import read_records
from services.cli.screen import CONSOLE
from services.cli.search import about, save
from services.cli.sheet import Block, Card, Strip, draw_sheet, query_card, reject_card, triplet_strip
from services.standalone.finished import FinishedRun, open_run

Record = TypeVar("Record")


class What(str, Enum):
    """What can be shown."""

    TRIPLETS = "triplets"
    PAIRS = "pairs"
    REJECTS = "rejects"


def show(
    what: Annotated[What, typer.Argument(help="What to show.")],
    out: Annotated[Path, typer.Argument(help="Output folder of `pairmill run`.")],
    num: Annotated[int, typer.Option(min=1, max=500, help="How many, drawn at random.")] = 20,
    seed: Annotated[int, typer.Option(help="Another seed draws others.")] = 0,
    rule: Annotated[str, typer.Option(help="Only rejects by this rule.")] = "",
    run: Annotated[str, typer.Option(help="Name of a run; the latest by default.")] = "",
    sheet: Annotated[Path | None, typer.Option(help="Where the contact sheet goes.")] = None,
) -> None:  # fmt: skip
    """Draw some records of a run as a contact sheet.

    Example: pairmill show triplets mill/ --num 50
    """
    opened = open_run(out, run)
    if what is What.TRIPLETS:
        title, blocks = _triplets(opened, num, seed)
    elif what is What.PAIRS:
        title, blocks = _pairs(opened, num, seed)
    else:
        title, blocks = _rejects(opened, num, seed, rule)
    save(draw_sheet(title, blocks, subtitle=about(opened)), sheet or out / f"{what.value}.png")


def _triplets(opened: FinishedRun, num: int, seed: int) -> tuple[str, list[Block]]:
    files = opened.files("instruct", "triplets")
    every = list(read_records(opened.ports.objects, files, Triplet))
    blocks = []
    for triplet in _draw(every, [t.pair_id for t in every], num, seed):
        negatives = [_card(opened, image, "negative") for image in triplet.negatives]
        target = _card(opened, triplet.target_id, "target")
        first, *others = triplet.instructions
        notes = (*(f"“{text}”" for text in others), " + ".join(triplet.relations))
        blocks.append(Block(query=_query(opened, triplet.query_id), text=first, notes=notes,
                            strips=(triplet_strip(target, negatives),)))  # fmt: skip
    return f"{len(blocks)} of {len(every):,} triplets", blocks


def _pairs(opened: FinishedRun, num: int, seed: int) -> tuple[str, list[Block]]:
    files = opened.files("select", "pairs")
    every = list(read_records(opened.ports.objects, files, Pair))
    blocks = []
    for pair in _draw(every, [p.pair_id for p in every], num, seed):
        notes = tuple(f"{r.space}: rank {r.rank}, {r.score:.3f}" for r in pair.relations)
        strip = Strip(cards=(_card(opened, pair.target_id, "target"),))
        blocks.append(Block(query=_query(opened, pair.query_id), notes=notes, strips=(strip,)))
    return f"{len(blocks)} of {len(every):,} pairs", blocks


def _rejects(opened: FinishedRun, num: int, seed: int, rule: str) -> tuple[str, list[Block]]:
    every: list[Reject] = []
    for node in opened.graph.nodes:
        try:
            files = opened.files(node.name, f"rejects/{node.stage.name}")
        except RootError:  # the run has not come so far
            continue
        every += read_records(opened.ports.objects, files, Reject)
    rules = sorted({reject.rule for reject in every})
    if rule and rule not in rules:
        CONSOLE.print(f"no reject by the rule {rule!r}; there are: {', '.join(rules) or 'none'}")
    blocks = []
    for name in [rule] if rule else rules:
        of_rule = [reject for reject in every if reject.rule == name]
        drawn = _draw(of_rule, [r.record_id for r in of_rule], max(num // len(rules), 3), seed)
        cards = [card for reject in drawn for card in _reject_cards(opened, reject)]
        label = f"{name.replace('_', ' ')}: {len(of_rule):,}"
        if cards:
            blocks.append(Block(strips=(Strip(cards=tuple(cards), label=label),)))
    return f"{len(every):,} rejects", blocks


def _reject_cards(opened: FinishedRun, reject: Reject) -> Iterable[Card]:
    """Yield a card for each image that the reject names; one without picture if none is known."""
    known = [key for key in reject.keys if key in opened.catalog] or [None]
    for image in known[:2]:
        key = opened.catalog[image].keys[0] if image else (reject.keys or (reject.record_id,))[0]
        picture = opened.picture(image) if image else None
        yield reject_card(picture, rule=reject.stage, value=reject.value, key=key)


def _query(opened: FinishedRun, image_id: str) -> Card:
    return query_card(opened.picture(image_id), opened.catalog[image_id].caption)


def _card(opened: FinishedRun, image_id: str, line: str) -> Card:
    return Card(image=opened.picture(image_id), line=line, note=opened.catalog[image_id].caption)


def _draw(records: list[Record], ids: list[str], num: int, seed: int) -> list[Record]:
    """Draw records by their ids, so that the same seed shows the same ones."""
    order = sorted(range(len(ids)), key=lambda i: order_key(seed, "show", ids[i]))
    return [records[i] for i in order[:num]]
