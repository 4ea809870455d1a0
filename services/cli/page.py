"""Pages of HTML that stand alone: texts, tables, pictures and bars in one file. Knows no record."""

import base64
import io
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from PIL import Image

from services.cli.screen import CONSOLE

SIDE = 224
STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 96rem; padding: 0 1rem;
       color: #222; background: #fff }
table { border-collapse: collapse; margin: 1rem 0 } th, td { padding: .3rem .7rem; text-align: left;
       vertical-align: top; border-bottom: 1px solid #ddd } td.number { text-align: right }
.pair { border-top: 2px solid #888; padding: 1rem 0 } .side { display: flex; gap: 1rem;
       flex-wrap: wrap } .side > div { flex: 1 1 18rem } figure { margin: 0; display: inline-block }
figcaption, .small { color: #666; font-size: 13px; max-width: 14rem } .fell { color: #a33 }
.fell q { text-decoration: line-through } .bar { background: #5b8db8; height: .8em }
ul { padding-left: 1.1rem; margin: .3rem 0 }
"""


def page(title: str, subtitle: str, parts: Iterable[str]) -> str:
    """Return a whole page; title and subtitle are plain text, the parts are HTML."""
    head = f"<meta charset='utf-8'><title>{escape(title)}</title><style>{STYLE}</style>"
    top = f"<h1>{escape(title)}</h1><p class='small'>{escape(subtitle)}</p>"
    body = "\n".join(parts)
    inside = f"<head>{head}</head><body>{top}\n{body}</body>"
    return f"<!doctype html>\n<html lang='en'>{inside}</html>\n"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table of plain texts; numbers stand to the right."""
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"


def figure(picture: Image.Image | None, caption: str) -> str:
    """Return a picture, reduced, with a caption; a picture that is gone is told by the word."""
    told = f"<figcaption>{escape(caption)}</figcaption>"
    if picture is None:
        return f"<figure><em>no picture</em>{told}</figure>"
    small = picture.convert("RGB")
    small.thumbnail((SIDE, SIDE))
    data = io.BytesIO()
    small.save(data, "JPEG", quality=85)
    source = f"data:image/jpeg;base64,{base64.b64encode(data.getvalue()).decode()}"
    size = f"width='{small.width}' height='{small.height}'"
    return f"<figure><img src='{source}' {size} alt=''>{told}</figure>"


def bars(names: Sequence[str], counts: Sequence[int]) -> str:
    """Return a histogram: a bar a row."""
    most = max([*counts, 1])
    rows = "".join(
        f"<tr><td class='number'>{escape(name)}</td><td style='width:20rem'>"
        f"<div class='bar' style='width:{100 * count / most:.1f}%'></div></td>"
        f"<td class='number'>{count:,}</td></tr>"
        for name, count in zip(names, counts, strict=True)
    )
    return f"<table>{rows}</table>"


def keep_page(text: str, path: Path) -> None:
    """Write a page and say where it is."""
    path.write_text(text, "utf-8")
    CONSOLE.print(f"page: {path}", soft_wrap=True)


def _cell(value: object) -> str:
    if isinstance(value, int | float):
        told = f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"
        return f"<td class='number'>{told}</td>"
    return f"<td>{escape(str(value))}</td>"
