"""Time the embedder's way from stored bytes to features against the bare forward pass.

Needs the shared corpora. Both sides run the same starter model with the same threads and batches on
the same images, turn by turn; the bare side has its pixels in memory already. The ratio is the
median of the rounds' own ratios, since a machine drifts from round to round; rates are medians.
Photographs of 12 megapixels, stored as they came, stand beside it: a JPEG of that size is decoded
reduced, straight to about twice what the model sees.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.kill import take_images
from pairmill.config import RunConfig, parse_config
from pairmill.core.records import ImageRecord
from pairmill.decode import decode
from pairmill.pipeline.images import Images, load_catalog
from pairmill.pipeline.output import Output
from pairmill.pipeline.plan import stage
from pairmill.pipeline.progress import Silent
from pairmill.pipeline.seeing import NO_LIMITS, Load, load_pixels
from pairmill.ports.encoder import Encoder
from pairmill.settings import Settings
from services.embedder.stage import Pass
from services.standalone.conduct import Conductor
from services.standalone.finished import open_run
from services.standalone.submit import Submission, submit

GOALS = {"ratio": "≥ 0.95"}
NUM_EMOJI, NUM_PHOTOS, NUM_ROUNDS = 1024, 24, 9
MEGAPIXELS_12 = (4000, 3000)
CONFIG = RunConfig().encoder


def measure() -> tuple[dict[str, Any], dict[str, Any]]:
    """Embed emoji both ways in turn, then photographs."""
    corpora = Path(os.environ.get("PAIRMILL_CORPORA", "../shared/corpora"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        take_images(corpora / "fluent-emoji/train-000.tar", folder / "emoji", NUM_EMOJI)
        large_photographs(folder / "emoji", folder / "photos")
        emoji = Corpus(folder, "emoji", store="resized")
        photos = Corpus(folder, "photos", store="original")
        bare, whole = in_turn(emoji.bare(), emoji.embed)
        reduced, full = in_turn(photos.embed, photos.decoded_whole)
    ratios = [ours / theirs for ours, theirs in zip(whole, bare, strict=True)]
    figures = {"ratio": round(statistics.median(ratios), 3)}
    rates = {"emoji_bare": bare, "emoji_embedded": whole, "photos_12mp_embedded": reduced,
             "photos_12mp_decoded_whole": full}  # fmt: skip
    details: dict[str, Any] = {
        f"{name}_images_per_second": {
            "median": round(statistics.median(found), 1), "rounds": [round(x, 1) for x in found]
        }
        for name, found in rates.items()
    }  # fmt: skip
    details |= {"emoji": NUM_EMOJI, "photos": NUM_PHOTOS, "batch": CONFIG.batch,
                "threads": CONFIG.threads}  # fmt: skip
    return figures, details


class Corpus:
    """Images as ingest keeps them, and both ways to their features."""

    def __init__(self, folder: Path, name: str, *, store: str) -> None:
        config = parse_config({"ingest": {"store": store, "longest_side": 512}})
        asked = Submission(corpus=str(folder / name), out=folder / f"{name}-mill", config=config)
        submitted = submit(asked, Settings())
        Conductor(submitted.ports, submitted.graph).run(until="dedupe")
        run = open_run(folder / f"{name}-mill")
        self.images = Images(run.ports.objects, run.ports.source)
        found = load_catalog(run.ports.objects, run.files("dedupe", "images"))
        self.records: list[ImageRecord] = list(found.values())
        self.encoder: Encoder = run.ports.encoder
        self._out = Output(run.ports.objects, "corpora/c", stage("embed"), "s")

    def embed(self) -> int:
        """Go the embedder's way, from the store to features; return how many images."""
        return self._through(partial(load_pixels, self.images, self.encoder))

    def decoded_whole(self) -> int:
        """Do the same without letting a JPEG decode reduced."""
        return self._through(self._whole)

    def bare(self) -> Callable[[], int]:
        """Return what passes pixels that lie in memory through the model, in the same batches."""
        pixels_NHWC = np.stack([self._whole(record) for record in self.records])
        batches = [pixels_NHWC[start : start + CONFIG.batch]
                   for start in range(0, len(pixels_NHWC), CONFIG.batch)]  # fmt: skip
        return lambda: sum(len(self.encoder.image_features(batch)) for batch in batches)

    def _through(self, load: Load) -> int:
        tower = Pass(encoder=self.encoder, config=CONFIG, out=self._out, progress=Silent())
        return len(tower.features(self.records, load)[0])

    def _whole(self, record: ImageRecord) -> NDArray[np.uint8]:
        return self.encoder.prepare(decode(self.images.read(record), NO_LIMITS).image)


def in_turn(*ways: Callable[[], int]) -> list[list[float]]:
    """Return each way's images a second, round by round; a first round only warms up. Who
    begins changes from round to round."""
    rates: list[list[float]] = [[] for _ in ways]
    for turn in range(NUM_ROUNDS + 1):
        both = list(zip(ways, rates, strict=True))
        for way, found in both if turn % 2 else reversed(both):
            began = time.perf_counter()
            done = way()
            if turn:
                found.append(done / (time.perf_counter() - began))
    return rates


def large_photographs(emoji: Path, folder: Path) -> None:
    """Write JPEGs of 12 megapixels: a picture blown up, with grain as a sensor leaves it."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    width, height = MEGAPIXELS_12
    grain = rng.normal(0, 6, (height, width, 1)).astype(np.float32)
    for number, path in enumerate(sorted(emoji.glob("*.webp"))[:NUM_PHOTOS]):
        with Image.open(path) as image:
            large = image.convert("RGB").resize(MEGAPIXELS_12, Image.Resampling.BICUBIC)
        rough = np.clip(np.asarray(large, np.float32) + np.roll(grain, number, 0), 0, 255)
        Image.fromarray(rough.astype(np.uint8)).save(folder / f"{number:03}.jpg", quality=90)
