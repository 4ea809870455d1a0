"""Three hundred emoji, what the embedded run makes of them, and a site that has them."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.kill import take_images
from pairmill.wiring import Stores
from tests.servers.site import TestSite, committed_objects, running_site

NUM_IMAGES = 300
CONFIG = """\
ingest: {shard_images: 64}
mining: {shard_pairs: 64}
editing: {max_images: 40}
training: {align_steps: 10, compose_steps: 40, batch: 64, validate_every: 10, checkpoint_every: 5,
           min_triplets: 20}
"""


@dataclass(frozen=True)
class Emoji:
    """The images, a run's configuration, and what the embedded run committed."""

    corpus: Path
    config: Path
    committed: dict[str, str]


@pytest.fixture(scope="session")
def emoji(corpora: Path, tmp_path_factory: pytest.TempPathFactory) -> Emoji:
    """Run the pipeline once in one process, in peace."""
    return embedded_emoji(corpora, tmp_path_factory.mktemp("emoji"))


def embedded_emoji(corpora: Path, folder: Path) -> Emoji:
    """Take the images, run the pipeline in one process, and say what it committed."""
    corpus, config = folder / "corpus", folder / "run.yaml"
    take_images(corpora / "fluent-emoji/train-000.tar", corpus, NUM_IMAGES)
    config.write_text(CONFIG)
    command = [sys.executable, "-m", "services.cli", "run", "--corpus", str(corpus),
               "--config", str(config), "--out", str(folder / "mill")]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return Emoji(corpus, config, committed_objects(Stores.folder(folder / "mill")))


@pytest.fixture(scope="module")
def site(emoji: Emoji, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestSite]:
    """A whole site of this module's own, with the emoji in its bucket `pictures`."""
    with running_site(tmp_path_factory.mktemp("site")) as found:
        done = found.pairmill("upload", emoji.corpus, "s3://pictures/corpus")
        assert done.returncode == 0, done.stdout + done.stderr
        yield found
