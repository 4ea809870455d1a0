"""Give one cluster a network of its own on this machine. Knows addresses; knows no Kubernetes.

Every cluster has a bridge `pm<n>` with addresses 10.<200 + n>.0.0: the first is this machine's,
where the control plane listens on its usual ports, so that several clusters never meet. Pods get
the lower half, services addresses of the upper half, which exist in the packet filter alone.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

MAX_CLUSTERS = 50


@dataclass(frozen=True)
class Bridge:
    """One cluster's network."""

    number: int

    @property
    def name(self) -> str:
        """The bridge, the packet filter's table, and the prefix of the pods' namespaces."""
        return f"pm{self.number}"

    @property
    def address(self) -> str:
        """This machine, as pods and programs of the cluster see it."""
        return f"10.{200 + self.number}.0.1"

    @property
    def pods(self) -> str:
        """The range of the pods."""
        return f"10.{200 + self.number}.0.0/17"

    @property
    def services(self) -> str:
        """The range of the services."""
        return f"10.{200 + self.number}.128.0/20"

    def pod_address(self, count: int) -> str:
        """Return the address of the n-th pod; after 30,000 they are given out again."""
        high, low = divmod(count % 30_000, 250)
        return f"10.{200 + self.number}.{1 + high}.{1 + low}"

    @classmethod
    def claim(cls) -> "Bridge":
        """Make the first bridge that nobody holds; those whose holder is gone are swept first."""
        for number in range(1, MAX_CLUSTERS):
            bridge = cls(number)
            if not bridge._held():
                bridge.remove()
            if command("ip", "link", "add", bridge.name, "type", "bridge", check=False):
                bridge._bring_up()
                return bridge
        raise RuntimeError(f"{MAX_CLUSTERS} clusters run on this machine: stop one")

    def remove(self) -> None:
        """Remove the bridge, the filter and every pod's network; what is gone is no error."""
        for found in Path("/run/netns").glob(f"{self.name}-*"):
            command("ip", "netns", "del", found.name, check=False)
        # A namespace that some process is still in keeps its end, and ours with it.
        for device in Path("/sys/class/net").glob(f"{self.name}v*"):
            command("ip", "link", "del", device.name, check=False)
        command("nft", "delete", "table", "ip", self.name, check=False)
        command("iptables", "-D", *self._own_traffic(), check=False)
        command("ip", "link", "del", self.name, check=False)

    def _held(self) -> bool:
        alias = Path(f"/sys/class/net/{self.name}/ifalias")
        holder = alias.read_text().strip() if alias.exists() else ""
        return bool(holder) and Path(f"/proc/{holder}").exists()

    def _bring_up(self) -> None:
        command("ip", "link", "set", self.name, "alias", str(os.getpid()), "up")
        command("ip", "addr", "add", f"{self.address}/17", "dev", self.name)
        command("ip", "route", "add", self.services, "dev", self.name)
        Path(f"/proc/sys/net/ipv4/conf/{self.name}/forwarding").write_text("1")
        # A Docker on this machine drops what it does not know, on every bridge.
        command("iptables", "-I", *self._own_traffic(), check=False)

    def _own_traffic(self) -> list[str]:
        return ["FORWARD", "-i", self.name, "-o", self.name, "-j", "ACCEPT"]


def command(*arguments: str, check: bool = True, text: str = "") -> bool:
    """Run a program of the system with `text` as its input; return whether it succeeded."""
    done = subprocess.run(arguments, input=text, capture_output=True, text=True)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(arguments)}: {done.stderr.strip()}")
    return done.returncode == 0
