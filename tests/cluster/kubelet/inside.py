"""Become a container: mount its root, enter it, drop all rights, run its command.

Run by its path with the standard library only, as root, as process 1 of fresh mount and process
namespaces and in the pod's network namespace:

    python -I -S inside.py SPEC.json

The specification is what `Sandbox.write` writes; see sandbox.py.
"""

import ctypes
import json
import os
import stat
import sys
from pathlib import Path
from typing import Any

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND, MS_REC = 1, 2, 4, 32, 4096, 16384
"""From linux/mount.h."""
DEVICES = ("null", "zero", "full", "random", "urandom")
LINKS = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64"}


def main(spec: dict[str, Any]) -> None:
    """Never returns: the container's command takes this process over."""
    root = Path(spec["root"])
    mount("tmpfs", root, "tmpfs", MS_NOSUID, "mode=0755")
    for name, target in LINKS.items():
        (root / name).symlink_to(target)
    for name in ("proc", "tmp", "var/tmp", "run"):
        (root / name).mkdir(parents=True)
    (root / "tmp").chmod(0o1777)
    mount("proc", root / "proc", "proc", MS_NOSUID | MS_NODEV, "")
    make_devices(root / "dev")
    for source, target, read_only in sorted(spec["binds"], key=lambda bind: str(bind[1])):
        bind_into(root, source, target, read_only)
    if spec["read_only"]:
        mount("none", root, "", MS_REMOUNT | MS_RDONLY | MS_NOSUID, "mode=0755")
    os.chroot(root)
    os.chdir(spec["folder"])
    os.execve("/usr/bin/setpriv", [*spec["rights"], "--", *spec["command"]], spec["environment"])


def make_devices(folder: Path) -> None:
    """Give the devices that every container has, and 64 MiB of shared memory."""
    folder.mkdir()
    for name in DEVICES:
        bind_into(folder, f"/dev/{name}", name, False)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        (folder / name).symlink_to(f"/proc/self/fd/{number}")
    (folder / "fd").symlink_to("/proc/self/fd")
    (folder / "shm").mkdir()
    mount("shm", folder / "shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777,size=64m")


def bind_into(root: Path, source: str, target: str, read_only: bool) -> None:
    """Show a file or folder of the machine at a place below `root`."""
    place = root / target.lstrip("/")
    if stat.S_ISDIR(os.stat(source).st_mode):
        place.mkdir(parents=True, exist_ok=True)
    else:
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists():
            place.touch()
    mount(source, place, "", MS_BIND | MS_REC, "")
    if read_only:
        mount("none", place, "", MS_BIND | MS_REMOUNT | MS_RDONLY, "")


def mount(source: str, place: Path, kind: str, flags: int, data: str) -> None:
    """Call mount(2)."""
    libc = ctypes.CDLL(None, use_errno=True)
    names = [text.encode() for text in (source, str(place), kind)]
    if libc.mount(*names, ctypes.c_ulong(flags), data.encode()):
        raise OSError(ctypes.get_errno(), f"mount of {source} failed", str(place))


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
