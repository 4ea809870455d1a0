"""What only jobs on Kubernetes must do: names, owners, deletion costs, and errors that help."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from pairmill.adapters.jobs.kubernetes import DELETION_COST, KubernetesJobs
from pairmill.core.errors import ConfigError, RetryError
from pairmill.ports.jobs import JobSpec
from pairmill.settings import KubernetesSettings
from tests.cluster.api import Json
from tests.cluster.controlplane.plane import Cluster
from tests.cluster.jobs import manifest

PODS = "/api/v1/namespaces/workers/pods"


@pytest.fixture
def workers(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> KubernetesJobs:
    """Jobs of a release with two workers in a namespace; a third pod is of another release."""
    monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig))
    cluster.api.create("/api/v1/namespaces", {"metadata": {"name": "workers"}})
    for name, release in (("a", "mine"), ("b", "mine"), ("c", "other")):
        labels = {"app.kubernetes.io/instance": release, "pairmill.io/kind": "worker"}
        containers = [{"name": "a", "image": "busybox:1", "command": ["sleep", "100"]}]
        cluster.api.create(PODS, {"metadata": {"name": name, "labels": labels},
                                  "spec": {"containers": containers}})  # fmt: skip
        cluster.kubectl("wait", "-n", "workers", "--for=condition=Ready", f"pod/{name}")
    return KubernetesJobs(KubernetesSettings(namespace="workers", release="mine"))


@pytest.mark.cluster
def test_workers_are_marked_when_they_take_up_work_and_when_they_lay_it_down(
    cluster: Cluster, workers: KubernetesJobs
) -> None:
    def seen(key: Callable[[Json], object]) -> dict[str, object]:
        return {pod["metadata"]["name"]: key(pod["metadata"]) for pod in cluster.api.items(PODS)}

    def costs() -> dict[str, object]:
        return seen(lambda meta: meta.get("annotations", {}).get(DELETION_COST))

    workers.spare([])
    assert costs() == {"a": None, "b": None, "c": None}
    workers.spare(["a/1", "c/2", "gone/3"])
    assert costs() == {"a": "100", "b": None, "c": None}
    versions = seen(lambda meta: meta["resourceVersion"])
    workers.spare(["a/9"])
    assert seen(lambda meta: meta["resourceVersion"]) == versions, "nothing has changed"
    workers.spare(["b"])
    assert costs() == {"a": "0", "b": "100", "c": None}


@pytest.fixture
def away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KubernetesJobs:
    """Jobs of an API server that does not answer."""
    config = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
    }  # fmt: skip
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(config))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    return KubernetesJobs(KubernetesSettings(templates=tmp_path))


def test_an_api_server_that_is_away_is_worth_another_try(
    away: KubernetesJobs, tmp_path: Path
) -> None:
    (tmp_path / "x.yaml").write_text(yaml.safe_dump(manifest("x", tmp_path)))
    for call in (lambda: away.status("a"), lambda: away.spare([]), lambda: away.cancel("a"),
                 lambda: away.launch(JobSpec(name="a", module="services.x"))):  # fmt: skip
        with pytest.raises(RetryError, match="does not answer"):
            call()


def test_a_service_without_a_manifest_stops_the_run(away: KubernetesJobs) -> None:
    with pytest.raises(ConfigError, match=r"no manifest .*x\.yaml for jobs of services\.x"):
        away.launch(JobSpec(name="a", module="services.x"))


def test_without_any_cluster_nothing_is_launched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    with pytest.raises(ConfigError, match="KUBECONFIG"):
        KubernetesJobs(KubernetesSettings())


@pytest.mark.cluster
def test_an_account_without_rights_is_told_which_it_wants(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = "/api/v1/namespaces/default/serviceaccounts/default/token"
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    config = yaml.safe_load(cluster.kubeconfig.read_text())
    config["users"][0]["user"]["token"] = cluster.api.create(path, asked)["status"]["token"]
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(config))
    monkeypatch.setenv("KUBECONFIG", os.fspath(tmp_path / "kubeconfig"))
    with pytest.raises(ConfigError, match=r"403 .*cannot get resource"):
        KubernetesJobs(KubernetesSettings()).status("a")
