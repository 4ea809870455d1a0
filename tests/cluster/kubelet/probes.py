"""Ask a container whether it has started, is ready, is alive. Knows how to ask; decides nothing."""

import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.cluster.api import Json
from tests.cluster.kubelet.sandbox import Running


@dataclass(kw_only=True)
class Probe:
    """One probe of one container, and how often it went well or badly in a row."""

    spec: Json
    container: Json
    address: str
    due: float
    good: int = 0
    bad: int = 0
    said: str = ""

    @classmethod
    def of(cls, container: Json, kind: str, address: str) -> "Probe | None":
        """Return a container's probe of a kind, if it has one."""
        spec = container.get(kind)
        if spec is None:
            return None
        due = time.monotonic() + spec.get("initialDelaySeconds", 0)
        return cls(spec=spec, container=container, address=address, due=due)

    @property
    def passed(self) -> bool:
        """It went well often enough."""
        return self.good >= int(self.spec.get("successThreshold", 1))

    @property
    def failed(self) -> bool:
        """It went badly often enough."""
        return self.bad >= int(self.spec.get("failureThreshold", 3))

    def ask(self, running: Running) -> bool:
        """Ask if it is time to; return whether it was asked."""
        if time.monotonic() < self.due:
            return False
        seconds = float(self.spec.get("timeoutSeconds", 1))
        ways: dict[str, Callable[[float], str]] = {
            "httpGet": self._http, "tcpSocket": self._tcp, "grpc": self._grpc,
        }  # fmt: skip
        way = next((ways[kind] for kind in ways if kind in self.spec), None)
        if way is not None:
            self.said = way(seconds)
        else:
            well = running.execute(self.spec["exec"]["command"], seconds)
            self.said = "" if well else "command failed"
        self.good, self.bad = (0, self.bad + 1) if self.said else (self.good + 1, 0)
        self.due = time.monotonic() + float(self.spec.get("periodSeconds", 10))
        return True

    def _port(self, given: object) -> int:
        if isinstance(given, int):
            return given
        return next(int(port["containerPort"]) for port in self.container["ports"]
                    if port.get("name") == given)  # fmt: skip

    def _http(self, seconds: float) -> str:
        asked = self.spec["httpGet"]
        host = asked.get("host", self.address)
        url = f"http://{host}:{self._port(asked['port'])}{asked.get('path', '/')}"
        headers = {h["name"]: h["value"] for h in asked.get("httpHeaders", [])}
        request = urllib.request.Request(url, headers={"User-Agent": "kube-probe/1.35", **headers})
        try:
            with urllib.request.urlopen(request, timeout=seconds) as answer:
                return "" if 200 <= answer.status < 400 else f"status {answer.status}"
        except urllib.error.HTTPError as error:
            with error:
                return f"status {error.code}"
        except (OSError, ValueError) as error:
            return f"{url}: {error}"

    def _tcp(self, seconds: float) -> str:
        place = (self.address, self._port(self.spec["tcpSocket"]["port"]))
        try:
            socket.create_connection(place, timeout=seconds).close()
        except OSError as error:
            return f"{place}: {error}"
        return ""

    def _grpc(self, seconds: float) -> str:
        asked = self.spec["grpc"]
        request = health_pb2.HealthCheckRequest(service=asked.get("service", ""))
        with grpc.insecure_channel(f"{self.address}:{asked['port']}") as channel:
            try:
                answer = health_pb2_grpc.HealthStub(channel).Check(request, timeout=seconds)
            except grpc.RpcError as error:
                return str(error)
        serving = answer.status == health_pb2.HealthCheckResponse.SERVING
        return "" if serving else "not serving"
