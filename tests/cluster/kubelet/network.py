"""Give pods an address and services theirs. Knows namespaces, the packet filter and /etc/hosts.

Every pod has a network namespace on the cluster's bridge. A service's address exists in the packet
filter alone, which sends a connection on to a ready endpoint, as kube-proxy does. Names are lines
of /etc/hosts: every pod has its own file, rewritten in place whenever a service changes.
"""

import threading
from dataclasses import dataclass, field
from pathlib import Path

from tests.cluster.api import Json
from tests.cluster.bridge import Bridge, command

SUFFIX = "svc.cluster.local"


@dataclass(kw_only=True)
class Network:
    """All pods and services of one cluster."""

    bridge: Bridge
    own_hosts: Path
    services: dict[str, Json] = field(default_factory=dict)
    slices: dict[str, Json] = field(default_factory=dict)
    _pods: dict[str, tuple[Path, str, str]] = field(default_factory=dict)
    _count: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def add_pod(self, pod: Json, hosts: Path) -> tuple[str, str]:
        """Give a pod a network namespace; return its name and the pod's address."""
        with self._lock:
            self._count += 1
            number, address = self._count, self.bridge.pod_address(self._count)
        name, device = f"{self.bridge.name}-{number}", f"{self.bridge.name}v{number}"
        command("ip", "netns", "add", name)
        command("ip", "link", "add", device, "type", "veth", "peer", "name", "eth0", "netns", name)
        command("ip", "link", "set", device, "master", self.bridge.name, "up")
        lines = ["link set lo up", f"addr add {address}/17 dev eth0", "link set eth0 up",
                 f"route add default via {self.bridge.address}"]  # fmt: skip
        command("ip", "-n", name, "-batch", "-", text="\n".join(lines) + "\n")
        spec = pod["spec"]
        own = [spec.get("hostname") or pod["metadata"]["name"]]
        with self._lock:
            line = f"127.0.0.1 localhost\n{address} {' '.join(own)}\n"
            self._pods[name] = (hosts, line, pod["metadata"]["namespace"])
            self._write_hosts(*self._pods[name])
        return name, address

    def remove_pod(self, name: str) -> None:
        """Remove a pod's network; what is gone is no error."""
        with self._lock:
            self._pods.pop(name, None)
        number = name.partition("-")[2]
        command("ip", "link", "del", f"{self.bridge.name}v{number}", check=False)
        command("ip", "netns", "del", name, check=False)

    def refresh(self) -> None:
        """Make filter and names as services and endpoints are now."""
        with self._lock:
            table = f"table ip {self.bridge.name}"
            command("nft", "-f", "-", text=f"{table} {{}}\ndelete {table}\n{table} {self._rules()}")
            for pod in self._pods.values():
                self._write_hosts(*pod)
            line = f"127.0.0.1 localhost\n{self.bridge.address} host\n"
            self._write_hosts(self.own_hosts, line, "")

    def _rules(self) -> str:
        sent, dead = [], []
        for service in self.services.values():
            address = service["spec"].get("clusterIP", "")
            for port in service["spec"].get("ports", []) if address[:1].isdigit() else []:
                if port.get("protocol", "TCP") != "TCP":
                    continue
                match = f"ip daddr {address} tcp dport {port['port']}"
                found = sorted(self._endpoints(service, port))
                if found:
                    places = ", ".join(f"{n} : {a} . {p}" for n, (a, p) in enumerate(found))
                    sent.append(
                        f"{match} dnat to numgen random mod {len(found)} map {{ {places} }}"
                    )
                else:
                    dead.append(f"{match} reject with tcp reset")
        return "{\n" + "\n".join([
            _chain("pre", "type nat hook prerouting priority dstnat", sent),
            _chain("out", "type nat hook output priority -100", sent),
            _chain("post", "type nat hook postrouting priority srcnat",
                   [f"ip saddr {self.bridge.pods} ct status dnat masquerade"]),
            _chain("dead", "type filter hook forward priority 0", dead),
            _chain("gone", "type filter hook output priority 0", dead),
        ]) + "\n}"  # fmt: skip

    def _endpoints(self, service: Json, port: Json) -> set[tuple[str, int]]:
        meta, found = service["metadata"], set()
        for part in self._slices_of(meta["namespace"], meta["name"]):
            for target in part.get("ports") or []:
                if target.get("name", "") == port.get("name", ""):
                    found |= {(address, int(target["port"])) for address in _ready(part)}
        return found

    def _slices_of(self, namespace: str, name: str) -> list[Json]:
        key = "kubernetes.io/service-name"
        return [part for part in self.slices.values()
                if part["metadata"]["namespace"] == namespace
                and part["metadata"].get("labels", {}).get(key) == name]  # fmt: skip

    def _write_hosts(self, path: Path, line: str, namespace: str) -> None:
        lines = [line]
        for service in self.services.values():
            meta = service["metadata"]
            name, space = meta["name"], meta["namespace"]
            names = [f"{name}.{space}.{SUFFIX}", f"{name}.{space}.svc", f"{name}.{space}"]
            names += [name] if space == namespace else []
            address = service["spec"].get("clusterIP", "")
            addresses = [address] if address[:1].isdigit() else []
            if address == "None":
                addresses = sorted(a for part in self._slices_of(space, name) for a in _ready(part))
            lines += [f"{address} {' '.join(names)}\n" for address in addresses]
        path.write_text("".join(lines))  # in place: it is mounted


def _ready(part: Json) -> set[str]:
    return {address for endpoint in part.get("endpoints") or []
            if (endpoint.get("conditions") or {}).get("ready", True)
            for address in endpoint["addresses"]}  # fmt: skip


def _chain(name: str, hook: str, rules: list[str]) -> str:
    return f"chain {name} {{ {hook};\n" + "".join(f"{rule}\n" for rule in rules) + "}"
