"""Time the distributed pipeline against the embedded one on the same 2,000 emoji.

Needs the shared corpora, redis-server and MinIO (tests/tools/build.sh minio). Work seconds begin
when every process is up, its models are loaded and the source is listed, and end with the run; the
figures of both modes come from the same machine, one after the other, and both give the same bytes.
"""

import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.kill import take_images
from pairmill.pipeline.standing import ended, submitted
from pairmill.ports.objects import ObjectStore
from pairmill.presets import load_config
from pairmill.settings import Settings
from pairmill.wiring import Stores
from services.local.layout import free_layout, open_layout
from services.local.programs import environment, programs
from services.local.site import Site
from services.standalone.conduct import Conductor
from services.standalone.submit import Submission, submit
from tests.servers.site import committed_objects, settings_of

GOALS = {"ratio": "≤ 1.15", "start_seconds": "stated"}
NUM_IMAGES = 2000
NUM_ROUNDS = 2


def measure() -> tuple[dict[str, Any], dict[str, Any]]:
    """Run embedded, then distributed, in turn, and compare seconds and bytes."""
    emoji = Path(os.environ.get("PAIRMILL_CORPORA", "../shared/corpora")) / "fluent-emoji"
    tools = subprocess.run(["tests/tools/build.sh", "minio"], check=True, capture_output=True)
    os.environ["PATH"] += os.pathsep + tools.stdout.decode().split()[-1]
    rounds = [one_round(emoji) for _ in range(NUM_ROUNDS)]
    names = ("embedded_seconds", "distributed_seconds", "start_seconds")
    alone, together, start = (sum(r[name] for r in rounds) for name in names)
    figures = {
        "ratio": round(together / alone, 3),
        "start_seconds": round(start / NUM_ROUNDS, 1),
    }
    return figures, {"rounds": rounds}


def one_round(emoji: Path) -> dict[str, Any]:
    """Run embedded, then distributed, in a folder of their own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(emoji, folder / "corpus")
        alone, calm = embedded(folder)
        together, start, same = distributed(folder, calm)
    return {"embedded_seconds": round(alone, 1), "distributed_seconds": round(together, 1),
            "start_seconds": round(start, 1), "files": len(calm), "identical": same}  # fmt: skip


def fill(emoji: Path, corpus: Path) -> None:
    """Unpack the first images of the train split."""
    left = NUM_IMAGES
    for tar in sorted(emoji.glob("train-*.tar")):
        before = len(list(corpus.glob("*"))) // 2 if corpus.exists() else 0
        take_images(tar, corpus, left)
        left -= len(list(corpus.glob("*"))) // 2 - before
        if left <= 0:
            return


def embedded(folder: Path) -> tuple[float, dict[str, str]]:
    """Return seconds and bytes of one process, its models loaded before the clock starts."""
    asked = Submission(corpus=str(folder / "corpus"), out=folder / "mill",
                       config=load_config("laptop", None))  # fmt: skip
    submitted = submit(asked, Settings())
    encoder = submitted.ports.encoder
    encoder.image_features(np.zeros((1, 224, 224, 3), np.uint8))
    encoder.text_features(["a start"])
    began = time.monotonic()
    Conductor(submitted.ports, submitted.graph).run()
    return time.monotonic() - began, committed_objects(Stores.folder(folder / "mill"))


def distributed(folder: Path, calm: dict[str, str]) -> tuple[float, float, bool]:
    """Return seconds of work, seconds until all is up, and whether the bytes are the same."""
    home = folder / "site"
    layout = open_layout(home, free_layout())
    site = Site(home, programs(home, layout, {}))
    began = time.monotonic()
    try:
        list(site.start_all(site.programs))
        start = time.monotonic() - began
        settings = {**os.environ, **environment(home, layout)}
        pairmill(settings, "upload", str(folder / "corpus"), "s3://pictures/corpus")
        objects = Stores(settings_of(layout)).objects
        pairmill(settings, "submit", "--corpus", "s3://pictures/corpus")
        (run,) = [Path(key).stem for key in objects.list("submitted/")]
        while (end := ended(objects, run)) is None:
            time.sleep(2)  # looking costs the store's time, and the marks bear their own
        assert end.state == "finished", end
        return seconds_of(objects, run), start, committed_objects(objects) == calm
    finally:
        site.stop_all(site.programs)


def seconds_of(objects: ObjectStore, run: str) -> float:
    """Return the seconds from a run's submission, listed and written down, to its end."""
    began, end = submitted(objects, run), ended(objects, run)
    assert began is not None
    assert end is not None
    return (datetime.fromisoformat(end.time) - datetime.fromisoformat(began.time)).total_seconds()


def pairmill(settings: dict[str, str], *arguments: str) -> None:
    """Run one command against the site."""
    command = [sys.executable, "-m", "services.cli", *arguments]
    subprocess.run(command, check=True, env=settings, stdout=subprocess.DEVNULL)
