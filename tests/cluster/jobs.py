"""Let Kubernetes launch a test's own modules as jobs. Knows manifests; judges nothing."""

import os
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from pairmill.adapters.jobs.kubernetes import KubernetesJobs
from pairmill.settings import KubernetesSettings
from tests.cluster.api import ApiError, Json
from tests.cluster.controlplane.plane import Cluster

NAMESPACE = "jobs"
GRACE_SECONDS = 1


def kubernetes_launcher(
    cluster: Cluster, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[KubernetesJobs, Callable[[str], None]]:
    """Return a launcher of jobs, and what writes the manifest of a module in `folder`."""
    with suppress(ApiError):
        cluster.api.create("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig))
    templates = folder / "templates"
    templates.mkdir()

    def prepare(module: str) -> None:
        (templates / f"{module}.yaml").write_text(yaml.safe_dump(manifest(module, folder)))

    settings = KubernetesSettings(
        namespace=NAMESPACE, templates=templates, release=f"r{uuid.uuid4().hex[:8]}"
    )
    return KubernetesJobs(settings), prepare


def manifest(module: str, folder: Path) -> Json:
    """Return a Job that runs a module of `<folder>/programs` and may write below `folder`."""
    inherited = {name: text for name, text in os.environ.items() if name.startswith("PAIRMILL_")}
    environment = {**inherited, "PYTHONPATH": f"{folder}/programs"}
    container = {
        "name": "job", "image": "pairmill-job-test:1", "command": ["python", "-m", module],
        "env": [{"name": name, "value": text} for name, text in environment.items()],
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [{"name": "folder", "mountPath": str(folder)}],
    }  # fmt: skip
    pod = {
        "restartPolicy": "Never", "terminationGracePeriodSeconds": GRACE_SECONDS,
        "automountServiceAccountToken": False, "containers": [container],
        "volumes": [{"name": "folder", "hostPath": {"path": str(folder)}}],
    }  # fmt: skip
    spec = {"backoffLimit": 0, "template": {"spec": pod}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "job"}, "spec": spec}
