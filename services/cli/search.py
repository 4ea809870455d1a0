"""`pairmill search`: find images by an image, by a text, or by both."""

import argparse
from pathlib import Path

from PIL import Image
from rich.table import Table

from services.cli.arguments import Commands, at_least, command, takes_a_run
from services.cli.screen import CONSOLE
from services.cli.sheet import Block, Strip, draw_sheet, hit_card, query_card
from services.standalone.finished import FinishedRun, open_run
from services.standalone.search import Query, read_query
from services.standalone.search import search as find


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = command(
        commands, "search", "find images by an image, by a text, or by both",
        'pairmill search mill/ --image shoe.jpg --text "the same in red"',
    )  # fmt: skip
    takes_a_run(parser)
    parser.add_argument("--image", type=Path, metavar="FILE", help="query image")
    parser.add_argument("--text", default="", help="what to find, or how it differs from the image")
    parser.add_argument("--k", type=at_least(1), default=12, help="how many hits (default: 12)")
    parser.add_argument(
        "--corpus", action="store_true", help="search the mined images, not the run's gallery"
    )
    parser.set_defaults(do=search)


def search(given: argparse.Namespace) -> None:
    """Show the nearest images as a table and as a contact sheet."""
    opened = open_run(given.out, given.run)
    query = Query(image=given.image, text=given.text, k=given.k, corpus=given.corpus)
    hits = find(opened, query)
    table = Table("rank", "score", "key", "caption")
    for hit in hits:
        record = opened.catalog[hit.image_id]
        caption = opened.caption(hit.image_id)
        table.add_row(str(hit.rank), f"{hit.score:.3f}", record.keys[0], caption)
    CONSOLE.print(table)
    cards = tuple(
        hit_card(opened.picture(hit.image_id), rank=hit.rank, score=hit.score,
                 caption=opened.caption(hit.image_id))
        for hit in hits
    )  # fmt: skip
    shown = query_card(read_query(opened, given.image)) if given.image else None
    block = Block(query=shown, text=given.text, strips=(Strip(cards=cards),))
    sheet = draw_sheet("What was found", [block], subtitle=about(opened))
    save(sheet, given.sheet or given.out / "search.png")


def save(picture: Image.Image, path: Path) -> None:
    """Write a contact sheet and say where it is."""
    picture.save(path)
    CONSOLE.print(f"contact sheet: {path}")


def about(opened: FinishedRun) -> str:
    """Return a line that says what a sheet is about."""
    spec = opened.graph.spec
    gallery = spec.gallery.removesuffix(".gallery")
    place = f", gallery {gallery}" if gallery else ""
    return f"run {spec.name}, corpus {spec.corpus}{place}"
