"""Bring a whole cluster up and take it down again. Knows the order; knows no chart.

    etcd → API server → controllers, scheduler → nodes (kwok, the process kubelet) → KEDA

One after another, each awaited, because they would compete for the same few cores.
"""

import secrets
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Self

from urllib3.exceptions import HTTPError

from tests.cluster.api import Api, ApiError
from tests.cluster.bridge import Bridge
from tests.cluster.controlplane import commands, objects
from tests.cluster.controlplane.commands import Site
from tests.cluster.controlplane.pki import make_keys
from tests.cluster.controlplane.programs import Programs

ROOT = Path(__file__).resolve().parents[3]
NODE = "processes"
TOOLS = (
    "etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok",
    "keda-operator", "keda-adapter", "helm", "minio",
)  # fmt: skip
"""What tests/tools/build.sh must have built."""


class Cluster:
    """A context manager: a control plane, two fake GPU nodes, one node of processes, KEDA."""

    def __init__(self, folder: Path, tools: Path) -> None:
        self.folder, self._tools = folder.resolve(), tools
        self._programs = Programs(self.folder)
        self._site: Site | None = None
        self._api: Api | None = None

    @property
    def site(self) -> Site:
        """Where it lives."""
        assert self._site is not None, "not started"
        return self._site

    @property
    def api(self) -> Api:
        """Its API server, for an administrator."""
        assert self._api is not None, "not started"
        return self._api

    @property
    def kubeconfig(self) -> Path:
        """What leads an administrator in."""
        return self.site.kubeconfig

    def start(self) -> None:
        """Start all, and return once all is ready."""
        for old in ("etcd", "pki", "pods", "logs", "volumes"):
            shutil.rmtree(self.folder / old, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._site = Site(folder=self.folder, tools=self._tools, bridge=Bridge.claim())
        try:
            self._start_store_and_server()
            self._start_controllers()
            self._start_nodes()
            self._start_keda()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End every program and remove the network; what never ran is no error."""
        if self._api is not None:
            self._api.close()
        self._programs.stop()
        if self._site is not None:
            self._site.bridge.remove()
        self._site = self._api = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def kubectl(self, *arguments: str, text: str = "") -> str:
        """Run kubectl as an administrator and return what it prints."""
        command = ["kubectl", "--kubeconfig", str(self.kubeconfig), *arguments]
        done = subprocess.run(command, input=text, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def _start_store_and_server(self) -> None:
        site, token = self.site, secrets.token_hex(16)
        make_keys(self.folder / "pki", site.bridge.address)
        (self.folder / "pki/tokens.csv").write_text(f'{token},admin,admin,"system:masters"\n')
        site.hosts.write_text(f"127.0.0.1 localhost\n{site.bridge.address} host\n")
        self._programs.start("etcd", commands.etcd(site))
        self._programs.start("apiserver", commands.apiserver(site))
        certificate = self.folder / "pki/apiserver.crt"
        self._programs.wait_for("API server's certificate", certificate.exists)
        site.kubeconfig.write_text(objects.kubeconfig(site, token))
        site.kubeconfig.chmod(0o600)
        self._api = Api.of(site.kubeconfig)
        self._programs.wait_for("API server", lambda: self._answers("/readyz"))

    def _start_controllers(self) -> None:
        self._programs.start("controllers", commands.controllers(self.site))
        self._programs.start("scheduler", commands.scheduler(self.site))
        account = "/api/v1/namespaces/default/serviceaccounts/default"
        self._programs.wait_for("controllers", lambda: self._answers(account))

    def _start_nodes(self) -> None:
        (self.folder / "stages.yaml").write_text(objects.kwok_stages())
        self.api.create("/apis/storage.k8s.io/v1/storageclasses", objects.storage_class())
        for number in range(objects.FAKE_NODES):
            self.api.create("/api/v1/nodes", objects.fake_node(number))
        self._programs.start("kwok", commands.kwok(self.site))
        kubelet = [sys.executable, "-m", "tests.cluster.kubelet", str(self.folder), NODE,
                   str(self.site.bridge.number)]  # fmt: skip
        path = f"{ROOT}:{ROOT / 'shared'}"
        self._programs.start("kubelet", kubelet, {"PYTHONPATH": path, "PM_TOOLS": str(self._tools)})
        self._programs.wait_for("nodes", self._nodes_ready)

    def _start_keda(self) -> None:
        self.api.create("/api/v1/namespaces", {"metadata": {"name": "keda"}})
        self.kubectl("apply", "--server-side", "-f", str(objects.keda_definitions()))
        service, metrics = objects.metrics_of_keda(self.site)
        self.api.create("/api/v1/namespaces/keda/services", service)
        self.api.create("/apis/apiregistration.k8s.io/v1/apiservices", metrics)
        environment = commands.KEDA_ENVIRONMENT
        self._programs.start("keda", commands.keda_operator(self.site), environment)
        self._programs.start("keda-metrics", commands.keda_adapter(self.site), environment)
        self._programs.wait_for(
            "KEDA", lambda: self._answers("/apis/external.metrics.k8s.io/v1beta1")
        )

    def _answers(self, path: str) -> bool:
        try:
            return bool(self.api.text(path))
        except (ApiError, HTTPError):
            return False

    def _nodes_ready(self) -> bool:
        nodes = self.api.items("/api/v1/nodes")
        ready = [node for node in nodes for condition in node["status"].get("conditions", [])
                 if condition["type"] == "Ready" and condition["status"] == "True"]  # fmt: skip
        return len(ready) == objects.FAKE_NODES + 1
