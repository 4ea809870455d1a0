"""Contact sheets: what was made, left out or found, as one picture. Knows images and texts; knows
no record, no store and no retriever.

A sheet is a title and blocks; a block is a query with its text, and strips of cards beside it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL import Image

from services.cli.drawing import GREY, SCALE, beside, grid, margin, rule, stack, tile, words

TILE, GAP, TEXT_WIDTH, STRIP_COLUMNS = 132, 16, 224, 6
LONGEST = 16_000
"""Viewers and memory end somewhere: 32,000 pixels of height, some seventy triplets."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """One image with a line and a smaller note beneath; badge: a few letters in its corner.

    tone: `plain`, `query`, `right` (what should be found) or `wrong`.
    """

    image: Image.Image | None
    line: str = ""
    note: str = ""
    badge: str = ""
    tone: str = "plain"


@dataclass(frozen=True, kw_only=True)
class Strip:
    """Cards in a row, which goes on beneath where it is long."""

    cards: tuple[Card, ...]
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class Block:
    """A query (image, text or both) and strips beside it; without a query the strips take the
    whole width."""

    strips: tuple[Strip, ...]
    query: Card | None = None
    text: str = ""
    notes: tuple[str, ...] = ()


def draw_sheet(title: str, blocks: Sequence[Block], *, subtitle: str = "") -> Image.Image:
    """Return the sheet, RGB on white; what does not fit in LONGEST is counted in a last line."""
    bodies = list(_fitting(blocks)) or [words("nothing to show", 16, width=400)]
    widest = max(body.width for body in bodies) // SCALE
    width = max(widest, 520)
    head = [words(title, 28, width=width, most=2)]
    if subtitle:
        head.append(words(subtitle, 15, width=width, colour=GREY, most=3))
    parts = [stack(head, 6)]
    for body in bodies:
        parts += [rule(width), body]
    left = len(blocks) - len(bodies)
    if left > 0:
        more = f"… and {left:,} more that do not fit on one sheet"
        parts += [rule(width), words(more, 15, width=width, colour=GREY)]
    return margin(stack(parts), 40)


def hit_card(
    image: Image.Image | None, *, rank: int, score: float, caption: str = "", right: bool = False
) -> Card:
    """Return the card of a hit: rank in its corner, score and caption beneath.

    right: whether the hit is what the query should find; it is framed in green.
    """
    tone = "right" if right else "plain"
    return Card(image=image, line=f"{score:.3f}", note=caption, badge=str(rank), tone=tone)


def query_card(image: Image.Image | None, caption: str = "") -> Card:
    """Return the card of a query image, framed in blue."""
    return Card(image=image, line="query", note=caption, tone="query")


def triplet_strip(target: Card, negatives: Sequence[Card]) -> Strip:
    """Return a target, framed in green, followed by its hard negatives."""
    right = Card(image=target.image, line=target.line or "target", note=target.note, tone="right")
    return Strip(cards=(right, *negatives))


def reject_card(image: Image.Image | None, *, rule: str, value: str, key: str = "") -> Card:
    """Return the card of a record that was left out: rule, value, and what it was."""
    note = "\n".join(part for part in (value, key) if part)
    return Card(image=image, line=rule.replace("_", " "), note=note)


def before_after(
    query: Card, text: str, before: Sequence[Card], after: Sequence[Card], ranks: tuple[int, int]
) -> Block:
    """Return what one query finds before training, above what it finds after it.

    ranks: where the best target stands before and after, from 1.
    """
    labels = [f"{when} training: right at rank {rank:,}" for when, rank in
              zip(("before", "after"), ranks, strict=True)]  # fmt: skip
    strips = [Strip(cards=tuple(cards), label=label)
              for cards, label in zip((before, after), labels, strict=True)]  # fmt: skip
    return Block(query=query, text=text, strips=tuple(strips))


def _fitting(blocks: Sequence[Block]) -> Iterator[Image.Image]:
    height = 0
    for block in blocks:
        body = _block(block)
        height += body.height
        if height > LONGEST * SCALE and height > body.height:
            return
        yield body


def _block(block: Block) -> Image.Image:
    strips = stack([_strip(strip) for strip in block.strips], 18)
    query = list(_query(block))
    if len(block.strips) > 1 and query:
        query = [stack(query, 14)]
    return beside([*query, strips], 30)


def _query(block: Block) -> Iterator[Image.Image]:
    if block.query:
        yield _card(block.query)
    if block.text or block.notes:
        text = [words(f"“{block.text}”", 19, width=TEXT_WIDTH, most=9)] if block.text else []
        notes = [words(note, 14, width=TEXT_WIDTH, colour=GREY, most=5) for note in block.notes]
        yield stack([*text, *notes], 10)


def _strip(strip: Strip) -> Image.Image:
    cards = grid([_card(card) for card in strip.cards], STRIP_COLUMNS, GAP)
    if not strip.label:
        return cards
    return stack(
        [words(strip.label, 15, width=STRIP_COLUMNS * TILE, colour=GREY, most=1), cards], 5
    )


def _card(card: Card) -> Image.Image:
    parts = [tile(card.image, TILE, tone=card.tone, badge=card.badge)]
    if card.line:
        parts.append(words(card.line, 15, width=TILE, most=2))
    if card.note:
        parts.append(words(card.note, 12, width=TILE, colour=GREY, most=4))
    return stack(parts, 4)
