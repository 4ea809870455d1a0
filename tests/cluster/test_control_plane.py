"""A cluster comes up beside another one, and goes without leaving anything behind."""

from pathlib import Path

import pytest

from tests.cluster.controlplane.plane import TOOLS, Cluster
from tests.servers.tools import tool

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]


def living(folder: Path) -> list[str]:
    """Return the command lines of all processes that know a folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            line = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if str(folder) in line or str(path.joinpath("cwd").readlink()).startswith(str(folder)):
                found.append(line)
        except OSError:
            continue
    return found


def test_two_clusters_run_side_by_side_and_the_second_leaves_nothing(
    cluster: Cluster, tmp_path: Path
) -> None:
    folder = tmp_path / "second"
    second = Cluster(folder, tool(TOOLS[0]).parent)
    with second:
        bridge = second.site.bridge.name
        body = {"metadata": {"name": "a"}, "spec": {
            "containers": [{"name": "a", "image": "busybox:1", "command": ["sleep", "1000"]}]
        }}  # fmt: skip
        second.api.create("/api/v1/namespaces/default/pods", body)
        second.kubectl("wait", "--for=condition=Ready", "pod/a", "--timeout=30s")
        assert len(second.api.items("/api/v1/nodes")) == 3
        assert cluster.api.items("/api/v1/namespaces/default/pods") == []
        assert living(folder)
        assert Path(f"/sys/class/net/{bridge}").exists()
    assert living(folder) == []
    assert not Path(f"/sys/class/net/{bridge}").exists()
    assert list(Path("/run/netns").glob(f"{bridge}-*")) == []
    second.stop()
