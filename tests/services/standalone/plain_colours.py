"""A run over a corpus of noise, with a gallery of plain colours to search. Knows no test."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from pairmill.config import IngestConfig, RunConfig
from pairmill.settings import Settings
from services.standalone.conduct import Conductor
from services.standalone.submit import Submission, submit

SIDE = 48
NOISE = "abcd"
"""The keys of the corpus's images."""


def draw_colours(root: Path, colours: Sequence[str]) -> None:
    """Fill `root/corpus` with noise, and `root/gallery` with a picture of each colour."""
    rng = np.random.default_rng(0)
    for folder in ("corpus", "gallery"):
        (root / folder).mkdir()
    for name in NOISE:
        noise = rng.integers(0, 256, (SIDE, SIDE, 3), np.uint8)
        Image.fromarray(noise).save(root / f"corpus/{name}.png")
    for colour in colours:
        Image.new("RGB", (SIDE, SIDE), colour).save(root / f"gallery/{colour}.png")


def run_over_colours(root: Path, benchmark: Path | None = None) -> Path:
    """Run the whole pipeline over what was drawn; return its output folder, `root/mill`."""
    asked = Submission(
        corpus=str(root / "corpus"), gallery=str(root / "gallery"), out=root / "mill",
        benchmark=benchmark, config=RunConfig(ingest=IngestConfig(shard_images=2)),
    )  # fmt: skip
    submitted = submit(asked, Settings(cache=root / "cache"))
    Conductor(submitted.ports, submitted.graph).run()
    return root / "mill"
