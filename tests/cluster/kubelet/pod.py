"""Run one pod from its binding to its end and write its status. Knows one pod and the API."""

import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.cluster.api import Api, ApiError, Json
from tests.cluster.kubelet.container import Container, now
from tests.cluster.kubelet.lookup import Lookup, NotYetError
from tests.cluster.kubelet.making import make_sandbox
from tests.cluster.kubelet.network import Network
from tests.cluster.kubelet.status import Seen, status_of
from tests.cluster.kubelet.volumes import Volumes

TOKEN_SECONDS = 1200.0
"""Tokens are written anew this often; they are worth something for at least an hour."""


@dataclass(kw_only=True)
class Pod:
    """One pod on this node; a thread of its own runs it."""

    pod: Json
    api: Api
    network: Network
    folder: Path
    logs: Path
    containers: list[Container] = field(default_factory=list)
    inits: list[Container] = field(default_factory=list)
    address: str = ""
    _namespace: str = ""
    _changed: threading.Event = field(default_factory=threading.Event)
    _ending: threading.Event = field(default_factory=threading.Event)
    _grace: float = 30.0
    _gone: bool = False
    _sent: Json = field(default_factory=dict)
    _thread: threading.Thread | None = None
    _began: str = ""

    @property
    def path(self) -> str:
        """Where the API server has it."""
        meta = self.pod["metadata"]
        return f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}"

    @property
    def volumes(self) -> Volumes:
        """Its volumes."""
        lookup = Lookup(self.api, self.pod["metadata"]["namespace"])
        return Volumes(pod=self.pod, folder=self.folder / "volumes", lookup=lookup)

    def start(self) -> None:
        """Run it on a thread of its own."""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self, grace_seconds: float, *, gone: bool = False) -> None:
        """Ask it to end; `gone`: the API server has it no more."""
        self._grace, self._gone = grace_seconds, self._gone or gone
        self._ending.set()
        self._changed.set()

    def join(self) -> None:
        """Wait for its end."""
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        self._began = now()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._namespace, self.address = self.network.add_pod(self.pod, self.folder / "hosts")
        try:
            if self._make_volumes() and self._run_inits():
                self.containers = [self._container(spec) for spec in self.pod["spec"]["containers"]]
                for container in self.containers:
                    container.start()
                self._follow(self.containers)
            self._stop()
        finally:
            self._write()
            if self._ending.is_set():
                self._finish()
            self.network.remove_pod(self._namespace)
            self.volumes.remove()

    def _make_volumes(self) -> bool:
        while not self._ending.is_set():
            try:
                self.volumes.make()
                return True
            except (NotYetError, ApiError) as error:
                print(f"{self.path}: {error}", flush=True)
                self._write()
                self._ending.wait(0.5)
        return False

    def _run_inits(self) -> bool:
        for spec in self.pod["spec"].get("initContainers", []):
            init = self._container(spec, init=True)
            self.inits.append(init)
            init.start()
            self._follow([init])
            if self._ending.is_set() or init.exit_code:
                return False
        return True

    def _follow(self, containers: list[Container]) -> None:
        """Write the status at each change until all have ended, or the pod shall."""
        fresh = time.monotonic() + TOKEN_SECONDS
        while not self._ending.is_set():
            self._changed.clear()
            self._write()
            if all(container.done for container in containers):
                return
            self._changed.wait(1.0)
            if time.monotonic() > fresh:
                self.volumes.refresh()
                fresh = time.monotonic() + TOKEN_SECONDS

    def _stop(self) -> None:
        """Stop all containers at once, within one grace."""
        running = [*self.inits[-1:], *self.containers]
        threads = [threading.Thread(target=c.stop, args=(self._grace,)) for c in running]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for container in running:
            container.join()

    def _write(self) -> None:
        seen = Seen(pod=self.pod, address=self.address, host=self.network.bridge.address,
                    began=self._began, inits=self.inits, containers=self.containers)  # fmt: skip
        status = status_of(seen, self._sent)
        if status == self._sent or self._gone:
            return
        try:
            self.api.patch(f"{self.path}/status", {"status": status})
            self._sent = status
        except ApiError as error:
            if error.status != 404:
                print(f"{self.path}: {error}", flush=True)
                return
            self.end(0.0, gone=True)

    def _finish(self) -> None:
        """Tell the API server that nothing of the pod runs any more."""
        uid = self.pod["metadata"]["uid"]
        with suppress(ApiError):
            body = {"gracePeriodSeconds": 0, "preconditions": {"uid": uid}}
            self.api.delete(self.path, body)

    def _container(self, spec: Json, *, init: bool = False) -> Container:
        meta, name = self.pod["metadata"], spec["name"]
        folder = self.folder / "containers" / name
        policy = self.pod["spec"].get("restartPolicy", "Always")
        log = self.logs / f"{meta['namespace']}_{meta['name']}_{name}.log"
        return Container(
            spec=spec, address=self.address, folder=folder, log=log, changed=self._changed.set,
            policy="OnFailure" if init and policy == "Always" else policy,
            make=lambda: make_sandbox(self.volumes, spec, folder, self._namespace, self.address),
        )  # fmt: skip
