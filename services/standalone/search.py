"""Find images of a run by image, by text or by both. Knows no screen."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from pairmill.core.errors import ConfigError, CorpusError, RejectError
from pairmill.core.ids import image_id
from pairmill.core.records import Hit
from pairmill.decode import decode
from services.standalone.finished import FinishedRun


@dataclass(frozen=True, kw_only=True)
class Query:
    """What is looked for: an image file, a text, or both; `k` hits. corpus: among the images that
    were mined, also where the run has a gallery of its own."""

    image: Path | None = None
    text: str = ""
    k: int = 10
    corpus: bool = False


def search(run: FinishedRun, query: Query) -> list[Hit]:
    """Return the k best hits, best first. The query image itself is never a hit.

    Raises:
        ConfigError: the query holds neither image nor text.
        CorpusError: the image cannot be read.
    """
    if query.image is None and not query.text.strip():
        raise ConfigError("nothing to search for: give --image FILE, --text TEXT, or both")
    towers = run.opened.towers
    image_1F, own = None, ""
    if query.image:
        pixels_BHWC = towers.prepare(read_query(run, query.image))[np.newaxis]
        image_1F, own = towers.image_features(pixels_BHWC), image_id(query.image.read_bytes())
    text_1T = towers.text_features([query.text]) if query.text.strip() else None
    query_1D = run.retriever.embed_queries(image_1F, text_1T)
    ids, gallery_ND = run.indexed(corpus=query.corpus)
    scores_N = gallery_ND @ query_1D[0]
    order = [row for row in np.argsort(-scores_N, kind="stable") if ids[row] != own]
    return [
        Hit(image_id=ids[row], score=float(scores_N[row]), rank=rank)
        for rank, row in enumerate(order[: query.k], start=1)
    ]


def read_query(run: FinishedRun, path: Path) -> Image.Image:
    """Return a query image, RGB and upright; CorpusError if it cannot be read."""
    try:
        return decode(path.read_bytes(), run.graph.spec.config.ingest).image
    except (OSError, RejectError) as error:
        raise CorpusError(f"{path}: wanted an image that can be decoded, got: {error}") from None
