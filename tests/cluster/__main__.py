"""Bring a cluster up for hands-on use with the chart installed; Ctrl-C takes it down.

python -m tests.cluster [FOLDER]    logs and data stay in FOLDER; without one nothing stays
"""

import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from tests.cluster import journey
from tests.cluster.controlplane.plane import ROOT, Cluster

NAMESPACE = "pairmill"


def main() -> int:
    """Start, install, say how to use it, wait."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    build = ROOT / "tests/tools/build.sh"
    tools = subprocess.run([build], check=True, stdout=subprocess.PIPE, text=True).stdout
    with tempfile.TemporaryDirectory(prefix="pairmill-cluster-") as spare:
        folder = Path(sys.argv[1] if len(sys.argv) > 1 else spare)
        with suppress(KeyboardInterrupt), Cluster(folder, Path(tools.splitlines()[-1])) as cluster:
            use(cluster)
            signal.pause()
    return 0


def use(cluster: Cluster) -> None:
    """Install the laptop's values and print what leads in."""
    print(f"A control plane runs in {cluster.folder}: installing the chart …", flush=True)
    release = journey.install(cluster, NAMESPACE)
    exports = {"KUBECONFIG": str(cluster.kubeconfig), **release.environment()}
    print("\n".join(f"export {name}={value}" for name, value in exports.items()))
    print(f"export PAIRMILL_RETRIEVER_KEY={release.secret('retriever', 'api-key')}")
    print(
        f"\nkubectl -n {NAMESPACE} get pods,services,jobs\n"
        "pairmill upload photos/ s3://pairmill/uploads/photos\n"
        "pairmill submit --corpus s3://pairmill/uploads/photos --watch\n\n"
        "Services and pods can be called at their own addresses from this machine, so no port is "
        "forwarded;\npods are processes: `kubectl logs` works, `kubectl exec` does not. "
        "Ctrl-C stops it all.",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
