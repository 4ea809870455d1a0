"""Register the node, keep it ready, and follow the pods that are bound to it. Runs none itself."""

import threading
from dataclasses import dataclass, field
from pathlib import Path

from urllib3.exceptions import HTTPError

from tests.cluster.api import Api, ApiError, Json
from tests.cluster.kubelet.container import now
from tests.cluster.kubelet.network import Network
from tests.cluster.kubelet.pod import Pod

LEASE_SECONDS, BEAT_SECONDS = 40, 8.0
ROOM = {"cpu": "64", "memory": "256Gi", "pods": "200", "ephemeral-storage": "1Ti"}
LOG_PORT = 10250
OVER = ("Succeeded", "Failed")


@dataclass(kw_only=True)
class Node:
    """One node and its pods."""

    name: str
    api: Api
    network: Network
    folder: Path
    pods: dict[str, Pod] = field(default_factory=dict)
    ending: threading.Event = field(default_factory=threading.Event)

    def register(self) -> None:
        """Make the node and its lease."""
        labels = {"kubernetes.io/hostname": self.name, "kubernetes.io/os": "linux",
                  "kubernetes.io/arch": "amd64"}  # fmt: skip
        self.api.create("/api/v1/nodes", {"metadata": {"name": self.name, "labels": labels}})
        address = self.network.bridge.address
        conditions = [self._condition("Ready", "True", "KubeletReady")]
        for kind in ("MemoryPressure", "DiskPressure", "PIDPressure"):
            conditions.append(self._condition(kind, "False", "KubeletHasEnough"))
        self.api.patch(f"/api/v1/nodes/{self.name}/status", {"status": {
            "capacity": ROOM, "allocatable": ROOM, "conditions": conditions,
            "addresses": [{"type": "InternalIP", "address": address},
                          {"type": "Hostname", "address": self.name}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": LOG_PORT}},
            "nodeInfo": {"kubeletVersion": "v1.35.4-processes", "osImage": "processes",
                         "kernelVersion": "", "machineID": "", "systemUUID": "", "bootID": "",
                         "containerRuntimeVersion": "process://1", "operatingSystem": "linux",
                         "architecture": "amd64", "kubeProxyVersion": ""},
        }})  # fmt: skip

    def beat(self) -> None:
        """Renew the lease until the end."""
        path = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
        while not self.ending.is_set():
            spec = {"holderIdentity": self.name, "leaseDurationSeconds": LEASE_SECONDS,
                    "renewTime": now().replace("Z", ".000000Z")}  # fmt: skip
            body = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                    "metadata": {"name": self.name}, "spec": spec}  # fmt: skip
            try:
                self.api.apply(f"{path}/{self.name}", body)
            except (ApiError, HTTPError) as error:
                print(f"lease: {error}", flush=True)
            self.ending.wait(BEAT_SECONDS)

    def follow(self, kind: str, found: Json) -> None:
        """Take in one event of the watch of this node's pods."""
        if kind == "LISTED":
            there = {pod["metadata"]["uid"] for pod in found["items"]}
            for uid in set(self.pods) - there:
                self.pods.pop(uid).end(0.0, gone=True)
            for pod in found["items"]:
                self._take(pod)
        elif kind == "DELETED":
            gone = self.pods.pop(found["metadata"]["uid"], None)
            if gone is not None:
                gone.end(0.0, gone=True)
        elif kind in ("ADDED", "MODIFIED"):
            self._take(found)

    def end(self) -> None:
        """End every pod at once, without a word to the API server."""
        self.ending.set()
        for pod in list(self.pods.values()):
            pod.end(0.0, gone=True)
        for pod in list(self.pods.values()):
            pod.join()

    def _take(self, pod: Json) -> None:
        uid, meta = pod["metadata"]["uid"], pod["metadata"]
        if uid not in self.pods and pod.get("status", {}).get("phase") not in OVER:
            self.pods[uid] = Pod(
                pod=pod, api=self.api, network=self.network,
                folder=self.folder / "pods" / uid, logs=self.folder / "logs",
            )  # fmt: skip
            self.pods[uid].start()
        if "deletionTimestamp" in meta:
            known = self.pods.get(uid)
            if known is not None:
                known.end(float(meta.get("deletionGracePeriodSeconds", 30)))
            else:
                self._finish(pod)

    def _finish(self, pod: Json) -> None:
        """Let go of a pod that ended long ago."""
        meta = pod["metadata"]
        path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}"
        self.api.delete(path, {"gracePeriodSeconds": 0, "preconditions": {"uid": meta["uid"]}})

    @staticmethod
    def _condition(kind: str, status: str, reason: str) -> Json:
        return {"type": kind, "status": status, "reason": reason, "message": "",
                "lastHeartbeatTime": now(), "lastTransitionTime": now()}  # fmt: skip
