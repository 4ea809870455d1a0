"""Make what a cluster has before anybody uses it. Knows fake nodes, KEDA's parts and storage."""

import subprocess
from pathlib import Path

import yaml

from tests.cluster.api import Json
from tests.cluster.controlplane.commands import ADAPTER_PORT, Site

GPUS_EACH = 2
GPU_TAINT: Json = {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}
ACCELERATORS = ("nvidia-l4", "nvidia-h100-80gb")
"""As Google's clusters label them: a node of each."""
LABELS = {"type": "kwok", "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
PROVISIONER = "pairmill.test/folder"
FAKE_NODES = len(ACCELERATORS)


def fake_node(number: int) -> Json:
    """Return a node with GPUs that kwok plays."""
    room = {"cpu": "32", "memory": "256Gi", "pods": "110", "nvidia.com/gpu": str(GPUS_EACH)}
    name = f"gpu-{number}"
    labels = {**LABELS, "kubernetes.io/hostname": name,
              "cloud.google.com/gke-accelerator": ACCELERATORS[number]}  # fmt: skip
    return {
        "apiVersion": "v1", "kind": "Node",
        "metadata": {
            "name": name, "annotations": {"kwok.x-k8s.io/node": "fake"},
            "labels": labels,
        },
        "spec": {"taints": [GPU_TAINT]},
        "status": {"capacity": room, "allocatable": room},
    }  # fmt: skip


def storage_class() -> Json:
    """Return the class whose volumes the process kubelet makes: a folder each."""
    standard = {"storageclass.kubernetes.io/is-default-class": "true"}
    return {
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
        "metadata": {"name": "folder", "annotations": standard}, "provisioner": PROVISIONER,
    }  # fmt: skip


def metrics_of_keda(site: Site) -> list[Json]:
    """Return what leads from the API server to KEDA's metrics server outside the cluster.

    Endpoints may not name an address of the machine itself, so the name is an external one.
    """
    service = {"name": "keda-metrics-apiserver", "namespace": "keda"}
    return [
        {
            "apiVersion": "v1", "kind": "Service", "metadata": service,
            "spec": {"type": "ExternalName", "externalName": site.bridge.address,
                     "ports": [{"port": ADAPTER_PORT}]},
        },
        {
            "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
            "metadata": {"name": "v1beta1.external.metrics.k8s.io"},
            "spec": {"group": "external.metrics.k8s.io", "version": "v1beta1",
                     "groupPriorityMinimum": 100, "versionPriority": 100,
                     "insecureSkipTLSVerify": True, "service": {**service, "port": ADAPTER_PORT}},
        },
    ]  # fmt: skip


def kubeconfig(site: Site, token: str) -> str:
    """Return what leads an administrator in."""
    cluster = {
        "server": site.server,
        "certificate-authority": str(site.folder / "pki/apiserver.crt"),
    }
    return yaml.safe_dump({
        "apiVersion": "v1", "kind": "Config", "current-context": "pairmill",
        "clusters": [{"name": "pairmill", "cluster": cluster}],
        "users": [{"name": "admin", "user": {"token": token}}],
        "contexts": [{"name": "pairmill", "context": {"cluster": "pairmill", "user": "admin"}}],
    })  # fmt: skip


def kwok_stages() -> str:
    """Return what kwok's nodes and pods go through, from its own module."""
    stages = module("sigs.k8s.io/kwok") / "kustomize/stage"
    files = [stages / "node/fast/node-initialize.yaml",
             stages / "node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
             *sorted((stages / "pod/fast").glob("pod-*.yaml"))]  # fmt: skip
    return "\n---\n".join(file.read_text() for file in files)


def keda_definitions() -> Path:
    """Return the folder of KEDA's resource definitions, from its own module."""
    return module("github.com/kedacore/keda/v2") / "config/crd/bases"


def module(name: str) -> Path:
    """Return the folder of a Go module that the build of the tools has brought."""
    run = subprocess.run(["go", "env", "GOMODCACHE"], check=True, capture_output=True, text=True)
    found = sorted(Path(run.stdout.strip()).glob(f"{name}@*"))
    if not found:
        raise RuntimeError(f"the Go module {name} is missing: run tests/tools/build.sh")
    return found[-1]
