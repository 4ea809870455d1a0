"""The chart with the production values: admitted whole, and placed onto nodes with GPUs."""

import subprocess

import pytest
import yaml

from pairmill.ports.queue import Task
from tests.cluster.api import ApiError, Json
from tests.cluster.controlplane.plane import Cluster
from tests.cluster.journey import SCALED
from tests.cluster.release import CHART, LAPTOP, PRODUCTION, QUICK, Release, wait_for

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]
FOREIGN = {"PodMonitor", "PrometheusRule"}
"""Kinds of the Prometheus operator, which this cluster has not; checked by tests/charts."""
SECRETS = {
    "pairmill-s3": ("access-key", "secret-key"), "pairmill-redis": ("url", "password"),
    "pairmill-qdrant": ("api-key",), "pairmill-api": ("gateway", "retriever"),
}  # fmt: skip
FAKE: Json = {
    **SCALED, "image": {"repository": "nowhere.example/fake"},
    "monitoring": {"podMonitor": {"enabled": False}, "rules": {"enabled": False}},
    "retriever": {"replicas": 1}, "workers": {"embedder": {"scaling": {"listLength": 1}}},
    "redis": {"auth": {"existingSecret": ""}, "bundled": {"enabled": True}},
}  # fmt: skip
"""Images that no node has but the fake ones, and a real Redis for KEDA to look into."""


def rendered(release: Release, *values: str) -> list[Json]:
    """Return every object of the chart."""
    files = [part for value in values for part in ("--values", value)]
    text = release.helm("template", release.name, str(CHART), *files)
    return [found for found in yaml.safe_load_all(text) if found]


@pytest.mark.parametrize("values", [LAPTOP, PRODUCTION], ids=["laptop", "production"])
def test_every_object_is_admitted_where_the_restricted_standard_holds(
    cluster: Cluster, values: object, request: pytest.FixtureRequest
) -> None:
    release = Release(cluster, f"dry-{request.node.callspec.id}")
    release.make_namespace()
    found = rendered(release, str(values))
    known = [object_ for object_ in found if object_["kind"] not in FOREIGN]
    assert len(known) > 20
    for object_ in known:
        object_["metadata"].setdefault("namespace", release.namespace)
        if object_["kind"] == "ServiceAccount":  # a pod is admitted only if its account is there
            cluster.api.create(release.path("api/v1", "serviceaccounts"), object_)
    command = ["kubectl", "--kubeconfig", str(cluster.kubeconfig), "apply", "--server-side",
               "--dry-run=server", "--validate=strict", "-f", "-"]  # fmt: skip
    done = subprocess.run(command, input=yaml.safe_dump_all(known), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr, done.stderr


def test_the_pods_of_the_jobs_are_admitted_too(cluster: Cluster) -> None:
    release = Release(cluster, "dry-jobs")
    release.make_namespace()
    for values in (LAPTOP, PRODUCTION):
        (manifests,) = [object_["data"] for object_ in rendered(release, str(values))
                        if object_["metadata"]["name"] == "pairmill-jobs"]  # fmt: skip
        for text in manifests.values():
            template = yaml.safe_load(text)["spec"]["template"]
            template["metadata"]["name"] = "one"
            template["spec"]["serviceAccountName"] = "default"
            path = release.path("api/v1", "pods")
            body = {"apiVersion": "v1", "kind": "Pod", **template}
            cluster.api.send("POST", path, body, query={"dryRun": "All"})


def test_the_restricted_standard_refuses_what_is_not_restricted(cluster: Cluster) -> None:
    release = Release(cluster, "dry-refused")
    release.make_namespace()
    pod = {"metadata": {"name": "a"}, "spec": {"containers": [{"name": "a", "image": "a"}]}}
    with pytest.raises(ApiError, match="restricted"):
        cluster.api.create(release.path("api/v1", "pods"), pod)


def test_gpu_pods_go_to_gpu_nodes_as_far_as_there_are_gpus(cluster: Cluster) -> None:
    release = Release(cluster, "production")
    release.make_namespace()
    for name, keys in SECRETS.items():
        body = {"metadata": {"name": name}, "stringData": dict.fromkeys(keys, "a-secret")}
        if name != "pairmill-redis":
            cluster.api.create(release.path("api/v1", "secrets"), body)
    models = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    claim = {"metadata": {"name": "pairmill-models"}, "spec": models}
    cluster.api.create(release.path("api/v1", "persistentvolumeclaims"), claim)
    try:
        release.install(PRODUCTION, {**QUICK, **FAKE})
        release.wait_ready("redis", "retriever")
        assert places(release, "retriever") == ["gpu-0"]
        with release.ledger() as ledger:
            for shard in range(3):
                ledger.open(Task(run="r", node="embed", shard=f"{shard:06d}"))
            wait_for("three embedders", lambda: len(release.pods("embedder")) == 3, 90)
            wait_for("one is placed", lambda: places(release, "embedder") == ["", "", "gpu-0"])
            waiting = [why(pod) for pod in release.pods("embedder") if not place(pod)]
            assert all("Insufficient nvidia.com/gpu" in reason for reason in waiting)
            for pool, number in (("mllm", 2), ("llm", 2)):
                stage = {"mllm": "describe", "llm": "instruct"}[pool]
                for shard in range(4 * number):
                    ledger.open(Task(run="r", node=stage, shard=f"{shard:06d}"))
            wait_for("both pools want GPUs of the large kind", lambda: sorted(
                places(release, "llm-mllm") + places(release, "llm-llm")
            ).count("gpu-1") == 2, 90)  # fmt: skip
            ledger.forget("r")
        wait_for("no embedder", lambda: not release.pods("embedder"), 120)
    finally:
        release.uninstall()


def place(pod: Json) -> str:
    """Return the node of a pod."""
    return str(pod["spec"].get("nodeName", ""))


def places(release: Release, part: str) -> list[str]:
    """Return the nodes of the pods of a part."""
    return sorted(place(pod) for pod in release.pods(part))


def why(pod: Json) -> str:
    """Return why a pod has no node."""
    return str([condition.get("message", "") for condition in pod["status"]["conditions"]])
