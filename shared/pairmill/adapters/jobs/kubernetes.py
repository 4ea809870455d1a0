"""Run jobs as Kubernetes Jobs, from manifests that the chart renders. Knows Jobs and pods.

Knows no stage: the module `services.<name>` of a specification picks the manifest `<name>.yaml`.
"""

import hashlib
import re
from collections.abc import Collection
from typing import Any

import yaml
from kubernetes import client

from pairmill.adapters.jobs.kubernetes_connection import ask, configuration, own_account
from pairmill.core.errors import ConfigError, RetryError
from pairmill.ports.jobs import JobSpec, JobState, JobStatus
from pairmill.settings import KubernetesSettings

NAME = "pairmill.io/job"
DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
BUSY, IDLE = "100", "0"
"""Of two workers the platform ends the one with the lower cost first; none is as good as 0."""
MAX_NAME = 63


class KubernetesJobs:
    """Creates Jobs in one namespace, with the rights of this pod's account or of a kubeconfig.

    A Job belongs to the account that made it, so that it goes when the release is uninstalled.
    Of what a job printed, only the end is known, and only of one that failed: it is the
    termination message of its last pod. A cancelled job runs until its pods have ended, and is
    unknown after that.
    """

    def __init__(self, kubernetes: KubernetesSettings) -> None:
        self._settings, self._namespace = kubernetes, kubernetes.namespace
        connected = client.ApiClient(configuration())
        self._batch, self._core = client.BatchV1Api(connected), client.CoreV1Api(connected)

    def launch(self, spec: JobSpec) -> None:
        """Start the job; one of that name that still runs is left alone."""
        manifest = self._manifest(spec)
        if self._create(manifest) or self._runs(spec.name):
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
        found = ask(
            self._core.list_namespaced_pod, namespace=self._namespace, label_selector=selector
        )
        for pod in found.items:
            wanted = BUSY if pod.metadata.name in busy else IDLE
            if (pod.metadata.annotations or {}).get(DELETION_COST, IDLE) != wanted:
                self._mark(pod.metadata.name, wanted)

    def _mark(self, pod: str, cost: str) -> None:
        body = {"metadata": {"annotations": {DELETION_COST: cost}}}
        try:
            ask(self._core.patch_namespaced_pod, namespace=self._namespace, name=pod, body=body)
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
        owner = own_account()
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
            ask(self._batch.create_namespaced_job, namespace=self._namespace, body=manifest)
        except FileExistsError:
            return False
        return True

    def _runs(self, name: str) -> bool:
        try:
            return _state(self._found(name)) is JobState.RUNNING
        except KeyError:
            return False  # it has gone meanwhile

    def _found(self, name: str) -> Any:
        try:
            return ask(
                self._batch.read_namespaced_job, namespace=self._namespace, name=self._name(name)
            )
        except KeyError:
            raise KeyError(name) from None

    def _delete(self, name: str, propagation: str) -> None:
        try:
            ask(
                self._batch.delete_namespaced_job,
                namespace=self._namespace,
                name=self._name(name),
                propagation_policy=propagation,
            )
        except KeyError:
            return  # somebody was faster

    def _last_words(self, job: Any) -> str:
        """Return the termination message of the pod that ended last."""
        selector = f"batch.kubernetes.io/controller-uid={job.metadata.uid}"
        pods = ask(
            self._core.list_namespaced_pod, namespace=self._namespace, label_selector=selector
        ).items
        ended = [status.state.terminated for pod in pods
                 for status in pod.status.container_statuses or []
                 if status.state.terminated is not None]  # fmt: skip
        if not ended:
            return ""
        return str(max(ended, key=lambda end: end.finished_at).message or "")


def _state(job: Any) -> JobState:
    held = {c.type for c in job.status.conditions or [] if c.status == "True"}
    if "Complete" in held:
        return JobState.SUCCEEDED
    return JobState.FAILED if "Failed" in held else JobState.RUNNING


def _literal(text: str) -> str:
    """Return a text that Kubernetes puts no variable into."""
    return text.replace("$(", "$$(")
