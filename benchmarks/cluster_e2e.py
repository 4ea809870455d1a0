"""Install the chart on a real control plane, run 300 emoji through it, ask, scale, uninstall.

Needs root, redis-server, the shared corpora and what tests/tools/build.sh builds; nothing else of
this machine is touched. Pods run as processes: no image is built or pulled here.
"""

import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.cluster import journey
from tests.cluster.controlplane.plane import ROOT, Cluster
from tests.servers.conftest import Emoji, embedded_emoji

GOALS = {
    "identical": "true", "query_answered": "true", "scaled_to": "3",
    "objects_left_after_uninstall": "those that the docs name", "minutes": "stated",
}  # fmt: skip


def measure() -> tuple[dict[str, Any], dict[str, Any]]:
    """Go the whole way once; the embedded run that it is compared with is not timed."""
    corpora = Path(os.environ.get("PAIRMILL_CORPORA", "../shared/corpora")).resolve()
    built = subprocess.run([ROOT / "tests/tools/build.sh"], check=True, stdout=subprocess.PIPE,
                           text=True).stdout  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "emoji").mkdir()
        emoji = embedded_emoji(corpora, Path(name) / "emoji")
        started = time.monotonic()
        with Cluster(Path(name) / "cluster", Path(built.splitlines()[-1])) as cluster:
            figures, details = go(cluster, emoji)
        figures["minutes"] = round((time.monotonic() - started) / 60, 1)
    return figures, details


def go(cluster: Cluster, emoji: Emoji) -> tuple[dict[str, Any], dict[str, Any]]:
    """Install, run, ask, scale and uninstall; return what came out and how long each took."""
    seconds: dict[str, float] = {}
    at = time.monotonic()

    def done(step: str) -> None:
        nonlocal at
        seconds[step], at = round(time.monotonic() - at, 1), time.monotonic()

    release = journey.install(cluster, "pairmill")
    done("install_until_ready")
    journey.run(release, emoji.corpus, emoji.config)
    done("run")
    found = journey.committed(release)
    answer = journey.ask(release, journey.an_image(emoji.corpus))
    done("compare_and_query")
    scaled = journey.scale(release)
    done("scale")
    left = journey.leave(release)
    done("uninstall")
    figures = {
        "identical": found == emoji.committed,
        "query_answered": [hit.rank for hit in answer.hits] == [1, 2, 3, 4, 5],
        "scaled_to": max(scaled), "objects_left_after_uninstall": sorted(left),
    }  # fmt: skip
    return figures, {"files": len(found), "describers_seen": scaled, "seconds": seconds}
