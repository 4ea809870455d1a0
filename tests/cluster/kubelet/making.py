"""Turn a container's specification into what is run. Knows images, volumes and rights."""

from pathlib import Path

from tests.cluster.api import Json
from tests.cluster.kubelet.container import ImageError
from tests.cluster.kubelet.environment import environment_of, expand
from tests.cluster.kubelet.images import Image, find_image
from tests.cluster.kubelet.lookup import NotYetError
from tests.cluster.kubelet.sandbox import Sandbox
from tests.cluster.kubelet.volumes import Volumes


def make_sandbox(volumes: Volumes, spec: Json, folder: Path, network: str, address: str) -> Sandbox:
    """Return what runs a container; NotYetError or ImageError where it cannot be run."""
    image = find_image(spec["image"])
    if image is None:
        raise ImageError(f"nothing on this machine stands for the image {spec['image']}")
    pod = {**volumes.pod, "status": {**volumes.pod.get("status", {}), "podIP": address}}
    environment = environment_of(pod, spec, image.environment, volumes.lookup)
    for place in (folder, folder / "root"):
        place.mkdir(parents=True, exist_ok=True)
    message = folder / "termination"
    message.write_bytes(b"")
    message.chmod(0o666)
    binds = [
        (str(folder.parent.parent / "hosts"), "/etc/hosts", True),
        (str(message), spec.get("terminationMessagePath", "/dev/termination-log"), False),
        *volumes.binds(spec, environment),
    ]
    rights = {**volumes.pod["spec"].get("securityContext", {}), **spec.get("securityContext", {})}
    groups = [*rights.get("supplementalGroups", []), *([volumes.group] if volumes.group else [])]
    return Sandbox(
        folder=folder, network=network, environment=environment, parts=image.parts, binds=binds,
        command=[expand(part, environment) for part in _command(spec, image)],
        working_folder=spec.get("workingDir", image.folder), user=_user(rights, image),
        group=int(rights.get("runAsGroup", 0)), groups=groups,
        read_only=bool(rights.get("readOnlyRootFilesystem")),
    )  # fmt: skip


def _command(spec: Json, image: Image) -> list[str]:
    """Return what is run: `command` replaces both of the image's parts, `args` the second."""
    if "command" in spec:
        return [*spec["command"], *spec.get("args", [])]
    return [*image.entrypoint, *spec.get("args", image.command)]


def _user(rights: Json, image: Image) -> int:
    user = int(rights.get("runAsUser", image.user))
    if rights.get("runAsNonRoot") and user == 0:
        raise NotYetError("container has runAsNonRoot and image will run as root")
    return user
