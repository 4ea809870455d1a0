"""Draw what queries find before and after training. Knows contrasts and sheets."""

from PIL import Image

from services.cli.search import about
from services.cli.sheet import Block, Card, before_after, draw_sheet, query_card
from services.standalone.finished import FinishedRun
from services.standalone.judged import Contrast, find_contrasts


def draw_contrast(opened: FinishedRun, num: int = 4) -> Image.Image:
    """Return a sheet of queries that training mended; right answers are framed in green."""
    blocks = [_block(opened, contrast) for contrast in find_contrasts(opened, num)]
    return draw_sheet("What a query finds before and after training", blocks,
                      subtitle=about(opened))  # fmt: skip


def _block(opened: FinishedRun, contrast: Contrast) -> Block:
    query = query_card(opened.picture(contrast.image), "")
    before, after = (_cards(opened, contrast, hits) for hits in contrast.hits)
    return before_after(query, contrast.text, before, after, contrast.ranks)


def _cards(opened: FinishedRun, contrast: Contrast, hits: tuple[str, ...]) -> list[Card]:
    tones = ["right" if image in contrast.targets else "plain" for image in hits]
    return [
        Card(image=opened.picture(image), badge=str(rank), tone=tone)
        for rank, (image, tone) in enumerate(zip(hits, tones, strict=True), start=1)
    ]
