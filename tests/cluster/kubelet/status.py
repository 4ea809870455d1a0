"""Work out a pod's status from its containers. Knows the rules of phases and conditions."""

from dataclasses import dataclass

from tests.cluster.api import Json
from tests.cluster.kubelet.container import Container, now


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What is known of a pod."""

    pod: Json
    address: str
    host: str
    began: str
    inits: list[Container]
    containers: list[Container]


def status_of(seen: Seen, before: Json) -> Json:
    """Return the whole status; conditions that did not change keep their time."""
    phase = _phase(seen)
    live = phase == "Running" and bool(seen.containers)
    ready = live and all(container.ready for container in seen.containers)
    wanted = seen.pod["spec"].get("initContainers", [])
    initialised = len(seen.inits) == len(wanted) and all(
        init.done and init.exit_code == 0 for init in seen.inits
    )
    why = "PodCompleted" if phase == "Succeeded" else "ContainersNotReady"
    conditions = [
        _condition("PodScheduled", True, "", before),
        _condition("Initialized", initialised, "", before),
        _condition("ContainersReady", ready, "" if ready else why, before),
        _condition("Ready", ready, "" if ready else why, before),
    ]  # fmt: skip
    specs = seen.pod["spec"]["containers"]
    return {
        "phase": phase, "conditions": conditions, "startTime": seen.began,
        "hostIP": seen.host, "hostIPs": [{"ip": seen.host}],
        "podIP": seen.address, "podIPs": [{"ip": seen.address}] if seen.address else [],
        "qosClass": _class(seen.pod),
        "containerStatuses": _statuses(specs, seen.containers),
        "initContainerStatuses": _statuses(wanted, seen.inits),
    }  # fmt: skip


def _phase(seen: Seen) -> str:
    if any(init.done and init.exit_code for init in seen.inits):
        return "Failed"
    if not seen.containers:
        return "Pending"
    if all(container.done for container in seen.containers):
        return "Failed" if any(c.exit_code for c in seen.containers) else "Succeeded"
    begun = [c for c in seen.containers if "waiting" not in c.state or c.restarts]
    return "Running" if len(begun) == len(seen.containers) else "Pending"


def _condition(kind: str, holds: bool, reason: str, before: Json) -> Json:
    status = "True" if holds else "False"
    old: Json = next((c for c in before.get("conditions", []) if c["type"] == kind), {})
    since = old["lastTransitionTime"] if old.get("status") == status else now()
    found = {"type": kind, "status": status, "lastTransitionTime": since}
    return {**found, "reason": reason} if reason else found


def _statuses(specs: list[Json], containers: list[Container]) -> list[Json]:
    known = {container.spec["name"]: container for container in containers}
    return [_status(spec, known.get(spec["name"])) for spec in specs]


def _status(spec: Json, container: Container | None) -> Json:
    name, image = spec["name"], spec["image"]
    if container is None:
        waiting = {"waiting": {"reason": "PodInitializing"}}
        return {"name": name, "image": image, "imageID": "", "ready": False, "started": False,
                "restartCount": 0, "state": waiting}  # fmt: skip
    finished = container.done and container.exit_code == 0
    running = container.running
    return {
        "name": name, "image": image, "imageID": f"process://{image}", "lastState": container.last,
        "containerID": f"process://{running.process.pid}" if running else "",
        "ready": container.ready or (finished and container.policy != "Always"),
        "started": container.started, "restartCount": container.restarts, "state": container.state,
    }  # fmt: skip


def _class(pod: Json) -> str:
    asked = [container.get("resources", {}) for container in pod["spec"]["containers"]]
    if not any(part.get("requests") or part.get("limits") for part in asked):
        return "BestEffort"
    same = all(part.get("limits") and part.get("requests") == part.get("limits") for part in asked)
    return "Guaranteed" if same else "Burstable"
