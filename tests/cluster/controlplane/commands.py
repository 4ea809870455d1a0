"""Say how each program of the control plane is called. Knows flags; starts nothing.

Every program listens on the cluster's own address, on its usual port.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.bridge import Bridge

API_PORT, ADAPTER_PORT, OPERATOR_PORT = 6443, 16445, 19666
Command = list[str]


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where one control plane lives."""

    folder: Path
    tools: Path
    bridge: Bridge

    @property
    def kubeconfig(self) -> Path:
        """What leads an administrator in."""
        return self.folder / "kubeconfig"

    @property
    def hosts(self) -> Path:
        """The names of the cluster's services, for programs of the control plane."""
        return self.folder / "hosts"

    @property
    def server(self) -> str:
        """The API server."""
        return f"https://{self.bridge.address}:{API_PORT}"

    def at(self, port: int) -> str:
        """Return an address of the control plane."""
        return f"{self.bridge.address}:{port}"

    def tool(self, name: str) -> str:
        """Return the path of a program."""
        return str(self.tools / name)


def etcd(site: Site) -> Command:
    """Return the store, which never waits for the disk: a test cluster is not kept."""
    clients, peers = f"http://{site.at(2379)}", f"http://{site.at(2380)}"
    return [
        site.tool("etcd"), "--data-dir", "etcd", "--unsafe-no-fsync",
        "--listen-client-urls", clients, "--advertise-client-urls", clients,
        "--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers,
        "--initial-cluster", f"default={peers}",
    ]  # fmt: skip


def apiserver(site: Site) -> Command:
    """Return the API server: RBAC, admission of pod security and policies as by default."""
    return [
        site.tool("kube-apiserver"), f"--etcd-servers=http://{site.at(2379)}", "--cert-dir=pki",
        f"--secure-port={API_PORT}", f"--bind-address={site.bridge.address}",
        f"--advertise-address={site.bridge.address}",
        f"--service-cluster-ip-range={site.bridge.services}",
        "--service-account-key-file=pki/sa.pub", "--service-account-signing-key-file=pki/sa.key",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--token-auth-file=pki/tokens.csv", "--authorization-mode=RBAC,Node",
        "--kubelet-preferred-address-types=InternalIP",
        "--client-ca-file=pki/client-ca.crt", "--requestheader-client-ca-file=pki/front-ca.crt",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        "--proxy-client-cert-file=pki/front.crt", "--proxy-client-key-file=pki/front.key",
    ]  # fmt: skip


def controllers(site: Site) -> Command:
    """Return the controller manager, with an autoscaler that does not make tests wait."""
    return [
        site.tool("kube-controller-manager"), "--kubeconfig=kubeconfig", "--leader-elect=false",
        "--service-account-private-key-file=pki/sa.key", "--root-ca-file=pki/apiserver.crt",
        f"--bind-address={site.bridge.address}", "--cert-dir=pki",
        "--horizontal-pod-autoscaler-sync-period=2s",
        "--horizontal-pod-autoscaler-downscale-stabilization=5s",
    ]  # fmt: skip


def scheduler(site: Site) -> Command:
    """Return the scheduler."""
    return [
        site.tool("kube-scheduler"), "--kubeconfig=kubeconfig", "--leader-elect=false",
        f"--bind-address={site.bridge.address}", "--cert-dir=pki",
    ]  # fmt: skip


def kwok(site: Site) -> Command:
    """Return what plays the GPU nodes."""
    return [
        site.tool("kwok"), "--kubeconfig=kubeconfig", "--config=stages.yaml",
        "--manage-all-nodes=false", "--node-lease-duration-seconds=40",
        "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
    ]  # fmt: skip


KEDA_ENVIRONMENT: Mapping[str, str] = {
    "POD_NAMESPACE": "keda", "WATCH_NAMESPACE": "", "KEDA_CLUSTER_OBJECT_NAMESPACE": "keda",
    "POD_NAME": "keda-operator",
}  # fmt: skip


def keda_operator(site: Site) -> Command:
    """Return KEDA's operator, which finds the cluster's services by their names."""
    return named(site, [
        site.tool("keda-operator"), "--kubeconfig=kubeconfig", "--cert-dir=pki",
        "--enable-cert-rotation=false", "--enable-webhook-patching=false",
        "--enable-apiservice-patching=false", f"--metrics-bind-address={site.at(18080)}",
        f"--health-probe-bind-address={site.at(18081)}",
        f"--metrics-service-bind-address={site.at(OPERATOR_PORT)}",
    ])  # fmt: skip


def keda_adapter(site: Site) -> Command:
    """Return KEDA's metrics server, which asks its operator."""
    return [
        site.tool("keda-adapter"), "--kubeconfig=kubeconfig", "--lister-kubeconfig=kubeconfig",
        "--authentication-kubeconfig=kubeconfig", "--authorization-kubeconfig=kubeconfig",
        f"--secure-port={ADAPTER_PORT}", f"--bind-address={site.bridge.address}",
        "--cert-dir=pki", "--port=0", f"--metrics-service-address={site.at(OPERATOR_PORT)}",
    ]  # fmt: skip


def named(site: Site, command: Command) -> Command:
    """Return a command that sees the cluster's names in /etc/hosts, and nothing else changed."""
    script = f'mount --bind "{site.hosts}" /etc/hosts && exec "$@"'
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", *command]
