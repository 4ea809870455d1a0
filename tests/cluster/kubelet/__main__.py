"""Play one node until SIGTERM: python -m tests.cluster.kubelet FOLDER NODE BRIDGE_NUMBER."""

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from urllib3.exceptions import HTTPError

from tests.cluster.api import Api, ApiError, Json
from tests.cluster.bridge import Bridge
from tests.cluster.kubelet.logserver import serve_logs
from tests.cluster.kubelet.network import Network
from tests.cluster.kubelet.node import LOG_PORT, Node
from tests.cluster.kubelet.storage import Storage

Follower = Callable[[str, Json], None]


def keep_watching(api: Api, path: str, follow: Follower, **query: str) -> None:
    """Hand every event to `follow`, for ever; a watch that ends is begun anew."""
    while True:
        try:
            for kind, found in api.watch(path, **query):
                follow(kind, found)
        except (ApiError, HTTPError) as error:
            print(f"{path}: {error}", flush=True)
            time.sleep(0.5)
        except Exception:
            # A fault of this tool: say so in the log, and lose as little as can be.
            traceback.print_exc()
            time.sleep(1.0)


def keeper(known: dict[str, Json], refresh: Callable[[], None]) -> Follower:
    """Return what keeps a table of objects as they are now."""

    def follow(kind: str, found: Json) -> None:
        if kind == "LISTED":
            known.clear()
            known.update({item["metadata"]["uid"]: item for item in found["items"]})
        elif kind == "DELETED":
            known.pop(found["metadata"]["uid"], None)
        else:
            known[found["metadata"]["uid"]] = found
        refresh()

    return follow


def main() -> int:
    """Register, follow, and on SIGTERM end every process that was started."""
    folder, name, number = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    for part in ("logs", "pods", "volumes"):
        (folder / part).mkdir(exist_ok=True)
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    os.umask(0o022)
    api, bridge = Api.of(folder / "kubeconfig"), Bridge(number)
    network = Network(bridge=bridge, own_hosts=folder / "hosts")
    node = Node(name=name, api=api, network=network, folder=folder)
    storage = Storage(api=api, folder=folder / "volumes")
    serve_logs(folder / "logs", folder / "pki", (bridge.address, LOG_PORT))
    bound = {"fieldSelector": f"spec.nodeName={name}"}
    slices = "/apis/discovery.k8s.io/v1/endpointslices"
    watches: list[tuple[str, Follower, dict[str, str]]] = [
        ("/api/v1/services", keeper(network.services, network.refresh), {}),
        (slices, keeper(network.slices, network.refresh), {}),
        ("/api/v1/persistentvolumeclaims", storage.follow_claims, {}),
        ("/api/v1/persistentvolumes", storage.follow_volumes, {}),
        ("/api/v1/pods", node.follow, bound),
    ]
    for path, follow, query in watches:
        threading.Thread(
            target=keep_watching, args=(api, path, follow), kwargs=query, daemon=True
        ).start()
    node.register()
    threading.Thread(target=node.beat, daemon=True).start()
    asked.wait()
    node.end()
    return 0


if __name__ == "__main__":
    sys.exit(main())
