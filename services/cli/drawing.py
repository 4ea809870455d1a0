"""Draw text, tiles and how they stand: beside or beneath one another. Knows pixels only.

Everything is drawn on white at twice its nominal size, so that it stays sharp on any screen.
All sizes that functions take are nominal.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate

from PIL import Image, ImageDraw, ImageFont, ImageOps

SCALE = 2
WHITE, INK, GREY, LINE, GROUND = "#ffffff", "#15181e", "#69707d", "#e4e7ec", "#f6f7f9"
TONES = {"plain": LINE, "query": "#2f6fed", "right": "#18a058", "wrong": "#d9534f"}
"""Frames: a neutral image, the query, what should be found, what should not."""
ROUND = 10


def stack(parts: Sequence[Image.Image], gap: int = 0) -> Image.Image:
    """Return the parts beneath one another, flush left."""
    tops = list(accumulate([part.height + gap * SCALE for part in parts], initial=0))
    height = max(tops[-1] - gap * SCALE, 1)
    sheet = _blank(max((part.width for part in parts), default=1), height)
    for part, top in zip(parts, tops, strict=False):
        sheet.paste(part, (0, top))
    return sheet


def beside(parts: Sequence[Image.Image], gap: int = 0) -> Image.Image:
    """Return the parts beside one another, flush at the top."""
    lefts = list(accumulate([part.width + gap * SCALE for part in parts], initial=0))
    width = max(lefts[-1] - gap * SCALE, 1)
    sheet = _blank(width, max((part.height for part in parts), default=1))
    for part, left in zip(parts, lefts, strict=False):
        sheet.paste(part, (left, 0))
    return sheet


def grid(parts: Sequence[Image.Image], columns: int, gap: int) -> Image.Image:
    """Return the parts in rows of `columns`."""
    rows = [parts[start : start + columns] for start in range(0, len(parts), columns)]
    return stack([beside(row, gap) for row in rows], gap)


def margin(part: Image.Image, size: int) -> Image.Image:
    """Return the part with white on every side."""
    return ImageOps.expand(part, size * SCALE, WHITE)


def rule(width: int) -> Image.Image:
    """Return a thin line with air above and below."""
    line = _blank(width * SCALE, 37 * SCALE)
    ImageDraw.Draw(line).line([(0, 18 * SCALE), (line.width, 18 * SCALE)], LINE, SCALE)
    return line


def words(text: str, size: int, *, width: int, colour: str = INK, most: int = 12) -> Image.Image:
    """Return text wrapped to `width`, in `most` lines at most; a longer one ends in an ellipsis."""
    font, pitch = typeface(size), round(size * 1.32) * SCALE
    lines = _wrapped(text, font, width * SCALE, most)
    block = _blank(width * SCALE, max(pitch * len(lines), 1))
    draw = ImageDraw.Draw(block)
    for number, line in enumerate(lines):
        draw.text((0, pitch * number), line, colour, font)
    return block


def tile(
    image: Image.Image | None, size: int, *, tone: str = "plain", badge: str = ""
) -> Image.Image:
    """Return a square of `size` with the whole image in it, a frame and a badge in its corner.

    tone: a name of TONES. Without an image the tile says so.
    """
    side = size * SCALE
    square = _blank(side, side)
    draw = ImageDraw.Draw(square)
    marked = tone != "plain"
    thick = (4 if marked else 1) * SCALE
    ground = GROUND if image is None else WHITE
    draw.rounded_rectangle((0, 0, side - 1, side - 1), ROUND * SCALE, ground, TONES[tone], thick)
    if image is None:
        draw.text((side / 2, side / 2), "no image", GREY, typeface(14), anchor="mm")
    else:
        fitted = ImageOps.contain(
            _on_white(image), (side - 14 * SCALE,) * 2, Image.Resampling.LANCZOS
        )
        square.paste(fitted, ((side - fitted.width) // 2, (side - fitted.height) // 2))
    if badge:
        _badge(draw, badge, TONES[tone] if marked else GREY)
    return square


def _badge(draw: ImageDraw.ImageDraw, text: str, colour: str) -> None:
    font = typeface(13)
    width = max(round(font.getlength(text)) + 12 * SCALE, 22 * SCALE)
    draw.rounded_rectangle((0, 0, width, 22 * SCALE), ROUND * SCALE, colour)
    draw.text((width / 2, 11 * SCALE), text, WHITE, font, anchor="mm")


def _wrapped(text: str, font: ImageFont.FreeTypeFont, width: int, most: int) -> list[str]:
    lines = [line for part in text.splitlines() for line in _lines(part, font, width)]
    if len(lines) <= most:
        return lines
    last = lines[most - 1]
    while last and font.getlength(last + "…") > width:
        last = last[:-1]
    return [*lines[: most - 1], last.rstrip() + "…"]


def _lines(text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}".strip()
        if font.getlength(joined) <= width:
            lines[-1] = joined
            continue
        head, *rest = _pieces(word, font, width)
        lines = [*lines, head, *rest] if lines[-1] else [head, *rest]
    return lines


def _pieces(word: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """Cut a word that is wider than the line."""
    pieces = [""]
    for letter in word:
        if pieces[-1] and font.getlength(pieces[-1] + letter) > width:
            pieces.append("")
        pieces[-1] += letter
    return pieces


def _on_white(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    ground = Image.new("RGBA", image.size, WHITE)
    return Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB")


def _blank(width: int, height: int) -> Image.Image:
    return Image.new("RGB", (width, height), WHITE)


@lru_cache
def typeface(size: int) -> ImageFont.FreeTypeFont:
    """Return the font that comes with Pillow; a build of it without FreeType is refused."""
    font = ImageFont.load_default(size * SCALE)
    assert isinstance(font, ImageFont.FreeTypeFont), "wanted a Pillow with FreeType: reinstall it"
    return font
