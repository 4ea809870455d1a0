"""Kill a run at random moments and compare its bytes with those of a run left in peace.

Needs the shared corpora. A kill takes the whole process group with SIGKILL.
"""

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Any

GOALS = {"kills": "20", "identical": "true"}
NUM_IMAGES = 200
NUM_KILLS = 20
CONFIG = """\
ingest: {shard_images: 32}
mining: {shard_pairs: 64}
editing: {max_images: 40}
training: {align_steps: 40, compose_steps: 80, batch: 64, validate_every: 20, checkpoint_every: 10,
           min_triplets: 20}
"""


def measure() -> tuple[dict[str, Any], dict[str, Any]]:
    """Run once in peace, then again and again with a kill at a random moment."""
    emoji = Path(os.environ.get("PAIRMILL_CORPORA", "../shared/corpora")) / "fluent-emoji"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        take_images(emoji / "train-000.tar", folder / "corpus")
        (folder / "run.yaml").write_text(CONFIG)
        started = time.monotonic()
        subprocess.run(command(folder, folder / "peace"), check=True, stdout=subprocess.DEVNULL)
        peace = time.monotonic() - started
        calm = committed(folder / "peace")
        moments, ends = kill_often(folder, peace)
        figures = {"kills": len(moments), "identical": all(end == calm for end in ends)}
        details = {"files": len(calm), "seconds_in_peace": round(peace, 1),
                   "kill_moments_seconds": moments, "runs_compared": len(ends)}  # fmt: skip
        return figures, details


def take_images(tar: Path, folder: Path, num_images: int = NUM_IMAGES) -> None:
    """Unpack the first images of a shard with their captions."""
    folder.mkdir(exist_ok=True)
    with tarfile.open(tar) as shard:
        for member in shard.getmembers()[: 2 * num_images]:
            data = shard.extractfile(member)
            assert data is not None
            (folder / Path(member.name).name).write_bytes(data.read())


def command(folder: Path, out: Path) -> list[str]:
    """Return the command that is run in peace and under fire."""
    return [sys.executable, "-m", "services.cli", "run", "--corpus", str(folder / "corpus"),
            "--config", str(folder / "run.yaml"), "--out", str(out)]  # fmt: skip


def kill_often(folder: Path, peace: float) -> tuple[list[float], list[dict[str, str]]]:
    """Start the run, kill it somewhere, and start anew until it was killed often enough.

    A run that ends before its kill is compared, too, and begun anew in an empty folder, so that
    every kill hits work; the last start is left in peace. Returns the moments of the kills in
    seconds after each start, and what each run that ended had committed.
    """
    rng, out = random.Random(7), folder / "killed"
    moments, ends = list[float](), list[dict[str, str]]()
    while len(moments) < NUM_KILLS:
        moment = rng.uniform(0.5, 0.6 * peace)
        process = subprocess.Popen(
            command(folder, out), start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            process.wait(moment)
            ends.append(committed(out))
            shutil.rmtree(out)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            moments.append(round(moment, 2))
    subprocess.run(command(folder, out), check=True, stdout=subprocess.DEVNULL)
    return moments, [*ends, committed(out)]


def committed(root: Path) -> dict[str, str]:
    """Return the digest of every commit and of the data files that they name."""
    found: dict[str, str] = {}
    for path in sorted(p for p in root.rglob("*.json") if "/commits" in str(p)):
        found[str(path.relative_to(root))] = hashlib.sha256(path.read_bytes()).hexdigest()
        for file in json.loads(path.read_bytes())["files"]:
            found[file["key"]] = hashlib.sha256((root / file["key"]).read_bytes()).hexdigest()
    return found
