"""`pairmill search`: find images by an image, by a text, or by both."""

from pathlib import Path
from typing import Annotated

import typer
from PIL import Image
from rich.table import Table

from services.cli.screen import CONSOLE
from services.cli.sheet import Block, Strip, draw_sheet, hit_card, query_card
from services.standalone.finished import FinishedRun, open_run
from services.standalone.search import Query
from services.standalone.search import search as find


def search(
    out: Annotated[Path, typer.Argument(help="Output folder of `pairmill run`.")],
    image: Annotated[Path | None, typer.Option(help="Query image.")] = None,
    text: Annotated[str, typer.Option(help="What to find, or how it differs from the image.")] = "",
    k: Annotated[int, typer.Option(min=1, max=1000, help="How many hits.")] = 12,
    run: Annotated[str, typer.Option(help="Name of a run; the latest by default.")] = "",
    sheet: Annotated[Path | None, typer.Option(help="Where the contact sheet goes.")] = None,
) -> None:  # fmt: skip
    """Show the nearest images as a table and as a contact sheet.

    Example: pairmill search mill/ --image shoe.jpg --text "the same in red"
    """
    opened = open_run(out, run)
    hits = find(opened, Query(image=image, text=text, k=k))
    table = Table("rank", "score", "key", "caption")
    for hit in hits:
        record = opened.catalog[hit.image_id]
        table.add_row(str(hit.rank), f"{hit.score:.3f}", record.keys[0], record.caption)
    CONSOLE.print(table)
    cards = tuple(
        hit_card(opened.picture(hit.image_id), rank=hit.rank, score=hit.score,
                 caption=opened.catalog[hit.image_id].caption)
        for hit in hits
    )  # fmt: skip
    query = query_card(Image.open(image).convert("RGB")) if image else None
    block = Block(query=query, text=text, strips=(Strip(cards=cards),))
    save(draw_sheet("What was found", [block], subtitle=about(opened)), sheet or out / "search.png")


def save(picture: Image.Image, path: Path) -> None:
    """Write a contact sheet and say where it is."""
    picture.save(path)
    CONSOLE.print(f"contact sheet: {path}")


def about(opened: FinishedRun) -> str:
    """Return a line that says what a sheet is about."""
    spec = opened.graph.spec
    return f"run {spec.name}, corpus {spec.corpus}" + (f", gallery {spec.gallery}" if spec.gallery else "")
