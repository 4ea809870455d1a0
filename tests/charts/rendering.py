"""Render the chart as helm does, without a cluster. Knows helm; knows nothing of what is right."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts" / "pairmill"
VALUES = Path(__file__).parent / "values"
CASES: dict[str, tuple[str, ...]] = {
    "defaults": (),
    "laptop": ("-f", f"{CHART}/values-laptop.yaml"),
    "laptop, scaled": ("-f", f"{CHART}/values-laptop.yaml", "--set", "keda.enabled=true"),
    "production": ("-f", f"{CHART}/values-production.yaml"),
    "everything": ("-f", f"{CHART}/values-production.yaml", "-f", f"{VALUES}/everything.yaml"),
    "nothing": ("-f", f"{VALUES}/nothing.yaml"),
}
"""The values that the chart is judged under."""

Manifest = dict[str, Any]


@dataclass(frozen=True)
class Chart:
    """The chart, and the helm that renders it."""

    helm: Path

    def render(self, *arguments: str, release: str = "pairmill") -> list[Manifest]:
        """Return all manifests; AssertionError with helm's words where it refuses."""
        done = self.run("template", release, CHART, "--namespace", "mill", *arguments)
        assert done.returncode == 0, done.stderr
        return [found for found in yaml.safe_load_all(done.stdout) if found]

    def refusal(self, *arguments: str) -> str:
        """Return why helm refuses such values; AssertionError where it does not."""
        done = self.run("template", "pairmill", CHART, *arguments)
        assert done.returncode != 0, "these values were taken"
        return done.stderr

    def run(self, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        """Run helm."""
        return subprocess.run([self.helm, *arguments], capture_output=True, text=True, check=False)


def of_kind(manifests: list[Manifest], *kinds: str) -> list[Manifest]:
    """Return the manifests of some kinds."""
    return [found for found in manifests if found["kind"] in kinds]


def named(manifests: list[Manifest], kind: str, name: str) -> Manifest:
    """Return the one manifest of that kind and name."""
    (found,) = [each for each in of_kind(manifests, kind) if each["metadata"]["name"] == name]
    return found


def jobs(manifests: list[Manifest]) -> list[Manifest]:
    """Return the Jobs that the coordinator will create, as they stand in their config map."""
    texts = [
        text
        for found in of_kind(manifests, "ConfigMap")
        for name, text in found["data"].items()
        if name.endswith(".yaml")
    ]
    return [yaml.safe_load(text) for text in texts]


def pods(manifests: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """Yield every pod that may ever run: who makes it, and its template."""
    for found in [*manifests, *jobs(manifests)]:
        if found["kind"] in ("Deployment", "StatefulSet", "Job"):
            yield f"{found['kind']}/{found['metadata']['name']}", found["spec"]["template"]
        if found["kind"] == "Pod":
            yield f"Pod/{found['metadata']['name']}", found


def containers(pod: Manifest) -> list[Manifest]:
    """Return a pod's containers, those that run first included."""
    spec = pod["spec"]
    return [*spec.get("initContainers", []), *spec["containers"]]
