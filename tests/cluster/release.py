"""Install the chart and use what it made, as its NOTES tell a user to. Knows helm and names."""

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import SecretStr

from pairmill.ports.ledger import Ledger
from pairmill.ports.objects import ObjectStore
from pairmill.settings import RedisSettings, S3Settings, Settings
from pairmill.wiring import Stores
from tests.cluster.api import ApiError, Json
from tests.cluster.controlplane.plane import ROOT, Cluster

CHART = ROOT / "charts/pairmill"
BUCKET = "pairmill"
LAPTOP, PRODUCTION = CHART / "values-laptop.yaml", CHART / "values-production.yaml"
READY_SECONDS = 240.0
QUICK: Json = {
    "probes": {"periodSeconds": 2, "startupPeriodSeconds": 2}, "settings": {"tickSeconds": 0.5},
}  # fmt: skip
"""Nobody waits for what a test need not wait for."""


@dataclass(frozen=True)
class Release:
    """One release of the chart in a namespace of its own that enforces the restricted standard."""

    cluster: Cluster
    namespace: str
    name: str = "pairmill"

    def make_namespace(self) -> None:
        """Make the namespace."""
        labels = {"pod-security.kubernetes.io/enforce": "restricted"}
        body: Json = {"metadata": {"name": self.namespace, "labels": labels}}
        self.cluster.api.create("/api/v1/namespaces", body)

    def helm(self, *arguments: str) -> str:
        """Run helm in the namespace and return what it prints."""
        home = str(self.cluster.folder / "helm")
        command = [self.cluster.site.tool("helm"), *arguments, "--namespace", self.namespace,
                   "--kubeconfig", str(self.cluster.kubeconfig)]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False,
                              env={**os.environ, "HOME": home})  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"helm {arguments[0]}: {done.stderr.strip()}")
        return done.stdout

    def install(self, values: Path, more: Json, *flags: str) -> str:
        """Install the chart, or upgrade it where it is installed."""
        own = self.cluster.folder / f"{self.namespace}-values.json"
        own.write_text(json.dumps(more))
        return self.helm("upgrade", "--install", self.name, str(CHART), "--values", str(values),
                         "--values", str(own), *flags)  # fmt: skip

    def uninstall(self) -> None:
        """Uninstall the chart, and wait until no pod is left."""
        self.helm("uninstall", self.name)
        wait_for("no pod", lambda: not self.items("api/v1", "pods"))

    def path(self, api: str, kind: str, name: str = "") -> str:
        """Return the path of objects in the namespace: `apis/apps/v1`, `deployments`."""
        return f"/{api}/namespaces/{self.namespace}/{kind}" + (f"/{name}" if name else "")

    def items(self, api: str, kind: str, **query: str) -> list[Json]:
        """Return all objects of a kind in the namespace."""
        return self.cluster.api.items(self.path(api, kind), **query)

    def pods(self, part: str) -> list[Json]:
        """Return the pods of a part."""
        selector = f"app.kubernetes.io/component={part}"
        return self.items("api/v1", "pods", labelSelector=selector)

    def ready(self, part: str) -> int:
        """Return how many pods of a part are ready."""
        return sum(condition["type"] == "Ready" and condition["status"] == "True"
                   for pod in self.pods(part)
                   for condition in pod.get("status", {}).get("conditions", []))  # fmt: skip

    def wait_ready(self, *parts: str) -> None:
        """Wait until each part has a pod that is ready."""
        for part in parts:
            wait_for(f"{part} is ready", lambda part=part: self.ready(part), READY_SECONDS)  # type: ignore[misc]

    def secret(self, part: str, key: str) -> str:
        """Return a value that the chart drew."""
        data = self.cluster.api.get(self.path("api/v1", "secrets", f"{self.name}-{part}"))["data"]
        return base64.b64decode(data[key]).decode()

    def address(self, part: str) -> str:
        """Return where a part is reached from this machine: its service, or one of its pods."""
        path = self.path("api/v1", "services", f"{self.name}-{part}")
        address = str(self.cluster.api.get(path)["spec"]["clusterIP"])
        return address if address != "None" else str(self.pods(part)[0]["status"]["podIP"])

    @cached_property
    def objects(self) -> ObjectStore:
        """The bundled object store, as an administrator sees it."""
        s3 = S3Settings(
            endpoint=f"http://{self.address('s3')}:9000", bucket=BUCKET,
            access_key=SecretStr(self.secret("s3", "access-key")),
            secret_key=SecretStr(self.secret("s3", "secret-key")),
        )  # fmt: skip
        return Stores(Settings(objects="minio", s3=s3)).objects

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """The bundled Redis's ledger."""
        url = f"redis://:{self.secret('redis', 'password')}@{self.address('redis')}:6379/0"
        yield Stores(Settings(ledger="redis", redis=RedisSettings(url=SecretStr(url)))).ledger

    def environment(self) -> dict[str, str]:
        """Return what the command line is told of this release."""
        return {
            "PAIRMILL_GATEWAY": f"{self.address('gateway')}:50050",
            "PAIRMILL_API_KEY": self.secret("gateway", "api-key"),
            "PAIRMILL_S3__ENDPOINT": f"http://{self.address('s3')}:9000",
            "PAIRMILL_S3__ACCESS_KEY": self.secret("s3", "access-key"),
            "PAIRMILL_S3__SECRET_KEY": self.secret("s3", "secret-key"),
        }

    def pairmill(self, *arguments: object) -> str:
        """Run the command line as a user of this release, and return what it prints."""
        environment = {**self.environment(), "PYTHONPATH": f"{ROOT}:{ROOT / 'shared'}"}
        command = [sys.executable, "-m", "services.cli", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120,
                              env={**os.environ, **environment})  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def left(self) -> set[str]:
        """Return what is in the namespace that a fresh one does not have, and what was made for
        the release outside it."""
        kinds = self.cluster.kubectl("api-resources", "--verbs=list", "--namespaced", "-o", "name")
        listed = [kind for kind in kinds.split() if not kind.startswith(("events", "pods.metrics"))]
        found = self.cluster.kubectl("get", ",".join(listed), "-n", self.namespace, "-o", "name")
        fresh = {"configmap/kube-root-ca.crt", "serviceaccount/default"}
        whole = self.cluster.kubectl(
            "get", "validatingadmissionpolicies,validatingadmissionpolicybindings,clusterroles,"
            "clusterrolebindings,priorityclasses,crds", "-o", "name",
            "-l", f"app.kubernetes.io/instance={self.name}",
        )  # fmt: skip
        return (set(found.split()) | set(whole.split())) - fresh

    def may(self, account: str, verb: str, path: str, body: Json) -> str:
        """Try something as a service account; return why it was refused, or an empty text."""
        asked: Json = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        token = self.cluster.api.create(
            self.path("api/v1", "serviceaccounts", f"{account}/token"), asked
        )["status"]["token"]
        api = self.cluster.api.with_token(token)
        try:
            api.patch(path, body) if verb == "patch" else api.send(verb, path, body or None)
        except ApiError as error:
            return str(error)
        finally:
            api.close()
        return ""


def wait_for(what: str, condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until a condition holds."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"{what}: not within {seconds:.0f} seconds"
        time.sleep(0.2)


def end_of(release: Release, run: str) -> Json | None:
    """Return how a run ended, or None."""
    key = f"ended/{run}.json"
    objects = release.objects
    return dict(json.loads(objects.get(key))) if key in set(objects.list("ended/")) else None
