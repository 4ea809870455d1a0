"""`pairmill show`: sheets of triplets, edits, pairs, rejects, misses, and a page of gates."""

import argparse
from collections.abc import Iterable
from typing import TypeVar

from pairmill.core.errors import ConfigError, RootError
from pairmill.core.ids import order_key
from pairmill.core.records import Pair, Reject, Triplet
from pairmill.pipeline.shard import read_records
from services.cli.arguments import Commands, at_least, command, takes_a_run
from services.cli.edits import edit_blocks
from services.cli.gate_page import gate_page
from services.cli.misses import save_misses
from services.cli.page import keep_page
from services.cli.search import about, save
from services.cli.sheet import (
    Block,
    Card,
    Strip,
    draw_sheet,
    query_card,
    reject_card,
    triplet_strip,
)
from services.standalone.finished import FinishedRun, open_run

Record = TypeVar("Record")
WHAT = ("triplets", "edits", "pairs", "rejects", "misses", "gates")


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = command(
        commands, "show", "draw triplets, edits, pairs, rejects, misses or gates of a run",
        "pairmill show triplets mill/ --num 50",
    )  # fmt: skip
    parser.add_argument("what", choices=WHAT,
                        help="what to show; misses: queries whose target is not first; gates: a "
                        "page of what they took")  # fmt: skip
    takes_a_run(parser)
    parser.add_argument("--num", type=at_least(1), default=20, help="how many (default: 20)")
    parser.add_argument("--seed", type=int, default=0, help="another seed draws others")
    parser.add_argument("--rule", default="", help="only rejects by this rule")
    parser.add_argument("--task", default="", help="only misses of this task; else a sheet a task")
    parser.set_defaults(do=show)


def show(given: argparse.Namespace) -> None:
    """Draw some records of a run as a contact sheet."""
    opened = open_run(given.out, given.run)
    if given.what == "misses":
        save_misses(opened, given)
        return
    if given.what == "gates":
        keep_page(gate_page(opened), given.sheet or given.out / "gates.html")
        return
    if given.what == "triplets":
        title, blocks = _triplets(opened, given.num, given.seed)
    elif given.what == "edits":
        title, blocks = edit_blocks(opened, given.num, given.seed)
    elif given.what == "pairs":
        title, blocks = _pairs(opened, given.num, given.seed)
    else:
        title, blocks = _rejects(opened, given)
    sheet = draw_sheet(title, blocks, subtitle=about(opened))
    save(sheet, given.sheet or given.out / f"{given.what}.png")


def _triplets(opened: FinishedRun, num: int, seed: int) -> tuple[str, list[Block]]:
    files = opened.files("gate", "triplets")
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


def _rejects(opened: FinishedRun, given: argparse.Namespace) -> tuple[str, list[Block]]:
    every: list[Reject] = []
    for node in opened.graph.nodes:
        try:
            files = opened.files(node.name, f"rejects/{node.stage.name}")
        except RootError:  # the run has not come so far
            continue
        every += read_records(opened.ports.objects, files, Reject)
    rules = sorted({reject.rule for reject in every})
    if given.rule and given.rule not in rules:
        raise ConfigError(f"no reject by the rule {given.rule!r}; there are: {', '.join(rules)}")
    blocks, shown = [], [given.rule] if given.rule else rules
    for name in shown:
        of_rule = [reject for reject in every if reject.rule == name]
        num = max(given.num // len(shown), 3)
        drawn = _draw(of_rule, [r.record_id for r in of_rule], num, given.seed)
        cards = [card for reject in drawn for card in _reject_cards(opened, reject)]
        label = f"{name.replace('_', ' ')}: {len(of_rule):,}"
        if cards:
            blocks.append(Block(strips=(Strip(cards=tuple(cards), label=label),)))
    return f"{len(every):,} rejects", blocks


def _reject_cards(opened: FinishedRun, reject: Reject) -> Iterable[Card]:
    """Yield a card for each image that the reject names; one without picture if none is known."""
    known = [image for image in reject.keys if image in opened.catalog][:2]
    for image in known:
        key = opened.catalog[image].keys[0]
        yield reject_card(opened.picture(image), rule=reject.stage, value=reject.value, key=key)
    if not known:
        key = (reject.keys or (reject.record_id,))[0]
        yield reject_card(None, rule=reject.stage, value=reject.value, key=key)


def _query(opened: FinishedRun, image_id: str) -> Card:
    return query_card(opened.picture(image_id), opened.caption(image_id))


def _card(opened: FinishedRun, image_id: str, line: str) -> Card:
    return Card(image=opened.picture(image_id), line=line, note=opened.caption(image_id))


def _draw(records: list[Record], ids: list[str], num: int, seed: int) -> list[Record]:
    """Draw records by their ids, so that the same seed shows the same ones."""
    order = sorted(range(len(ids)), key=lambda i: order_key(seed, "show", ids[i]))
    return [records[i] for i in order[:num]]
