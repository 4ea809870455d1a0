"""Run jobs as Kubernetes Jobs, from manifests that the chart renders. Knows Jobs and pods.

Knows no stage: the module `services.<name>` of a specification picks the manifest `<name>.yaml`.
"""

import base64
import hashlib
import json
import os
import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, TypeVar

import urllib3
import yaml
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

from pairmill.core.errors import ConfigError, RetryError
from pairmill.ports.jobs import JobSpec, JobState, JobStatus
from pairmill.settings import KubernetesSettings

TOKEN = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")
NAME = "pairmill.io/job"
DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
BUSY, IDLE = "100", "0"
"""Of two workers the platform ends the one with the lower cost first; none is as good as 0."""
MAX_NAME = 63
TIMEOUT_SECONDS = 30.0
Answer = TypeVar("Answer")


class KubernetesJobs:
    """Creates Jobs in one namespace, with the rights of this pod's account or of a kubeconfig.

    A Job belongs to the account that made it, so that it goes when the release is uninstalled.
    Of what a job printed, only the end is known, and only of one that failed: it is the
    termination message of its last pod. A cancelled job runs until its pods have ended, and is
    unknown after that.
    """

    def __init__(self, kubernetes: KubernetesSettings) -> None:
        self._settings = kubernetes
        connected = client.ApiClient(_configuration())
        self._batch, self._core = client.BatchV1Api(connected), client.CoreV1Api(connected)

    def launch(self, spec: JobSpec) -> None:
        """Start the job; one of that name that still runs is left alone."""
        manifest = self._manifest(spec)
        if self._create(manifest) or _state(self._found(spec.name)) is JobState.RUNNING:
            return
        self._delete(spec.name, "Background")
        if not self._create(manifest):
            raise RetryError(f"job {spec.name}: the one before is still there; try again")

    def status(self, name: str) -> JobStatus:
        """Return where the job stands."""
        found = self._found(name)
        return JobStatus(state=_state(found), log_tail=self._last_words(found))

    def cancel(self, name: str) -> None:
        """End the job and all it started; a finished one is left alone."""
        if _state(self._found(name)) is JobState.RUNNING:
            self._delete(name, "Foreground")

    def spare(self, workers: Collection[str]) -> None:
        """Mark the release's worker pods busy or idle, where that has changed."""
        busy = {worker.partition("/")[0] for worker in workers}
        selector = f"app.kubernetes.io/instance={self._settings.release},pairmill.io/kind=worker"
        found = self._ask(self._core.list_namespaced_pod, label_selector=selector)
        for pod in found.items:
            wanted = BUSY if pod.metadata.name in busy else IDLE
            if (pod.metadata.annotations or {}).get(DELETION_COST, IDLE) != wanted:
                self._mark(pod.metadata.name, wanted)

    def _mark(self, pod: str, cost: str) -> None:
        body = {"metadata": {"annotations": {DELETION_COST: cost}}}
        try:
            self._ask(self._core.patch_namespaced_pod, name=pod, body=body)
        except KeyError:
            return  # it has ended meanwhile

    def _manifest(self, spec: JobSpec) -> dict[str, Any]:
        path = self._settings.templates / f"{spec.module.removeprefix('services.')}.yaml"
        if not path.is_file():
            raise ConfigError(
                f"no manifest {path} for jobs of {spec.module}: wanted the chart's, mounted where "
                "PAIRMILL_KUBERNETES__TEMPLATES says"
            )
        manifest: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
        meta = manifest["metadata"]
        meta["name"] = self._name(spec.name)
        meta.setdefault("annotations", {})[NAME] = spec.name
        owner = _owner()
        meta["ownerReferences"] = [owner] if owner else []
        container = manifest["spec"]["template"]["spec"]["containers"][0]
        container["args"] = [*container.get("args", []), *map(_literal, spec.arguments)]
        own = [{"name": name, "value": _literal(text)} for name, text in spec.environment.items()]
        kept = [
            entry for entry in container.get("env", []) if entry["name"] not in spec.environment
        ]
        container["env"] = [*kept, *own]
        return manifest

    def _name(self, name: str) -> str:
        """Return a name that Kubernetes takes and no other job or release has."""
        whole = f"{self._settings.release}-{name}"
        digest = hashlib.sha256(whole.encode()).hexdigest()[:8]
        plain = re.sub(r"[^a-z0-9]+", "-", whole.lower()).strip("-")
        return f"{plain[: MAX_NAME - 15].strip('-')}-{digest}"

    def _create(self, manifest: dict[str, Any]) -> bool:
        """Create a Job; return whether there was none of its name."""
        try:
            self._ask(self._batch.create_namespaced_job, body=manifest)
        except FileExistsError:
            return False
        return True

    def _found(self, name: str) -> Any:
        try:
            return self._ask(self._batch.read_namespaced_job, name=self._name(name))
        except KeyError:
            raise KeyError(name) from None

    def _delete(self, name: str, propagation: str) -> None:
        try:
            self._ask(self._batch.delete_namespaced_job, name=self._name(name),
                      propagation_policy=propagation)  # fmt: skip
        except KeyError:
            return  # somebody was faster

    def _last_words(self, job: Any) -> str:
        """Return the termination message of the pod that ended last."""
        selector = f"batch.kubernetes.io/controller-uid={job.metadata.uid}"
        pods = self._ask(self._core.list_namespaced_pod, label_selector=selector).items
        ended = [status.state.terminated for pod in pods
                 for status in pod.status.container_statuses or []
                 if status.state.terminated is not None]  # fmt: skip
        if not ended:
            return ""
        return str(max(ended, key=lambda end: end.finished_at).message or "")

    def _ask(self, call: Callable[..., Answer], **given: Any) -> Answer:
        """Call the API server; its refusals become errors that say what to do."""
        try:
            return call(namespace=self._settings.namespace, _request_timeout=TIMEOUT_SECONDS,
                        **given)  # fmt: skip
        except ApiException as error:
            said = f"{error.status} {error.reason}: {_message(error)}"
            if error.status == 404:
                raise KeyError(given.get("name", "")) from None
            if error.status == 409:
                raise FileExistsError(said) from None
            if error.status in (400, 401, 403, 422):
                raise ConfigError(
                    f"the API server refuses a job: {said}; the chart's Role and manifests allow it"
                ) from None
            raise RetryError(f"the API server: {said}") from None
        except urllib3.exceptions.HTTPError as error:
            raise RetryError(f"the API server does not answer: {error}") from None


def _configuration() -> Any:
    """Return how to reach the API server: as this pod's account, else by a kubeconfig."""
    found = client.Configuration()
    try:
        if TOKEN.exists():
            config.load_incluster_config(client_configuration=found)
        else:
            # By itself the package looks at the variable only once, when it is imported.
            config.load_kube_config(os.environ.get("KUBECONFIG"), client_configuration=found)
    except config.ConfigException as error:
        raise ConfigError(
            f"PAIRMILL_JOBS=kubernetes needs a pod with a service account, or KUBECONFIG: {error}"
        ) from None
    found.retries = False
    return found


def _owner() -> dict[str, Any] | None:
    """Return this pod's account, as its token names it."""
    if not TOKEN.exists():
        return None
    payload = TOKEN.read_text().split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        **claims["kubernetes.io"]["serviceaccount"],
    }


def _state(job: Any) -> JobState:
    held = {c.type for c in job.status.conditions or [] if c.status == "True"}
    if "Complete" in held:
        return JobState.SUCCEEDED
    return JobState.FAILED if "Failed" in held else JobState.RUNNING


def _literal(text: str) -> str:
    """Return a text that Kubernetes puts no variable into."""
    return text.replace("$(", "$$(")


def _message(error: ApiException) -> str:
    try:
        return str(json.loads(error.body)["message"])
    except (ValueError, KeyError, TypeError):
        return ""
