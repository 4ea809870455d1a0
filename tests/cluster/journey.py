"""What a user of the chart goes through, from installing to uninstalling. Judges nothing."""

import uuid
from dataclasses import dataclass
from pathlib import Path

from pairmill.client import Client, Hit
from pairmill.ports.queue import Task
from tests.cluster.api import Json
from tests.cluster.controlplane.plane import Cluster
from tests.cluster.release import BUCKET, LAPTOP, QUICK, Release, end_of, wait_for
from tests.servers.site import committed_objects

PARTS = (
    "s3", "redis", "qdrant", "gateway", "coordinator", "ingestor", "embedder", "miner", "editor",
    "describer", "instructor", "gatekeeper", "trainer", "indexer",
)  # fmt: skip
"""What is ready before a run; the retriever is once there is something to retrieve."""
RUN_SECONDS = 400.0
SCALED: Json = {"keda": {
    "enabled": True, "pollingSeconds": 2, "cooldownSeconds": 4, "initialCooldownSeconds": 0,
    "behavior": {
        "scaleUp": {"policies": [{"type": "Percent", "value": 100, "periodSeconds": 2}]},
        "scaleDown": {"stabilizationWindowSeconds": 2, "selectPolicy": "Max",
                      "policies": [{"type": "Pods", "value": 8, "periodSeconds": 1}]},
    },
}}  # fmt: skip
"""KEDA as the chart has it, in a hurry."""
LEFT = {f"persistentvolumeclaim/data-pairmill-{store}-0" for store in ("s3", "redis", "qdrant")}
"""What the chart's NOTES and docs say stays after an uninstall."""


@dataclass(frozen=True)
class Answer:
    """What came back for a query."""

    hits: list[Hit]
    gallery_size: int


def install(cluster: Cluster, namespace: str) -> Release:
    """Install the laptop's values and wait until a run may be submitted."""
    release = Release(cluster, namespace)
    release.make_namespace()
    release.install(LAPTOP, QUICK)
    release.wait_ready(*PARTS)
    return release


def run(release: Release, corpus: Path, config: Path) -> str:
    """Upload a corpus, submit a run, wait for its end, and return its name."""
    source = f"s3://{BUCKET}/uploads/corpus"
    release.pairmill("upload", corpus, source)
    release.pairmill("submit", "--corpus", source, "--config", config)
    (key,) = release.objects.list("submitted/")
    name = Path(key).stem
    wait_for(f"the end of {name}", lambda: end_of(release, name), RUN_SECONDS)
    end = end_of(release, name)
    assert end is not None
    assert end["state"] == "finished", end
    return name


def committed(release: Release) -> dict[str, str]:
    """Return the digest of everything that was committed."""
    return committed_objects(release.objects)


def ask(release: Release, image: Path) -> Answer:
    """Search by an image and a text."""
    release.wait_ready("retriever")
    key = release.secret("retriever", "api-key")
    with Client(f"{release.address('retriever')}:50051", api_key=key) as client:
        hits = client.search(image=image, text="the same in another style", k=5)
        return Answer(hits=list(hits), gallery_size=client.info().num_items)


def an_image(corpus: Path) -> Path:
    """Return an image of a corpus whose captions lie beside the images."""
    return min(path for path in corpus.iterdir() if path.suffix not in (".json", ".txt"))


def scale(release: Release) -> list[int]:
    """Let KEDA scale the describer with open tasks and without; return the numbers it had."""
    release.install(LAPTOP, {**QUICK, **SCALED})
    seen: list[int] = []

    def has(wanted: int) -> bool:
        number = len([pod for pod in release.pods("describer")
                      if "deletionTimestamp" not in pod["metadata"]])  # fmt: skip
        if seen[-1:] != [number]:
            seen.append(number)
        return number == wanted

    wait_for("no describer", lambda: has(0), 120)
    seen[:] = [0]
    run = f"scaling-{uuid.uuid4().hex[:8]}"
    with release.ledger() as ledger:
        for shard in range(5):  # a replica for two of them
            ledger.open(Task(run=run, node="describe", shard=f"{shard:06d}"))
        wait_for("three describers", lambda: has(3), 120)
        wait_for("three that are ready", lambda: release.ready("describer") == 3, 120)
        ledger.forget(run)
    wait_for("no describer again", lambda: has(0), 180)
    return seen


def leave(release: Release) -> set[str]:
    """Uninstall and return what is left once things have settled."""
    release.uninstall()
    wait_for("only what the docs name", lambda: release.left() <= LEFT, 60)
    return release.left()
