"""Draw the queries that a run answers wrongly: a sheet a task. Knows misses and sheets."""

import argparse
import re
from pathlib import Path

from PIL import Image

from services.cli.search import about, save
from services.cli.sheet import Block, Card, Strip, draw_sheet, hit_card, query_card
from services.standalone.finished import FinishedRun
from services.standalone.missed import Miss, Missed, find_misses


def save_misses(opened: FinishedRun, given: argparse.Namespace) -> None:
    """Write `misses-<task>.png` for every task, or for the one that was asked for."""
    path: Path = given.sheet or given.out / "misses.png"
    for missed in find_misses(opened, num=given.num, seed=given.seed, task=given.task):
        task = re.sub(r"[^\w-]+", "-", missed.task)
        save(draw_misses(opened, missed), path.with_stem(f"{path.stem}-{task}"))


def draw_misses(opened: FinishedRun, missed: Missed) -> Image.Image:
    """Return a task's sheet: a query, the first hits, and the target with its rank."""
    wrong = f"{missed.num_missed:,} of {missed.num_asked:,} queries miss"
    title = f"{missed.task.replace('_', ' ')}: {wrong}, {len(missed.shown)} of them"
    blocks = [_block(opened, miss) for miss in missed.shown]
    return draw_sheet(title, blocks, subtitle=about(opened))


def _block(opened: FinishedRun, miss: Miss) -> Block:
    query = query_card(opened.picture(miss.image), opened.caption(miss.image))
    hits = [
        hit_card(opened.picture(hit.image_id), rank=hit.rank, score=hit.score,
                 caption=opened.caption(hit.image_id), right=hit.image_id in miss.targets)
        for hit in miss.hits
    ]  # fmt: skip
    target = miss.target
    right = Card(image=opened.picture(target.image_id), badge=f"{target.rank:,}", tone="right",
                 line=f"target, {target.score:.3f}",
                 note=opened.caption(target.image_id))  # fmt: skip
    return Block(query=query if miss.image else None, text=miss.text,
                 notes=(f"the target is at rank {target.rank:,}",),
                 strips=(Strip(cards=(*hits, right)),))  # fmt: skip
