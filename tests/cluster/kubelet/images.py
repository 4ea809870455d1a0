"""Say which program of this machine stands for a container image. Knows names; runs nothing."""

import os
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
HOST_PARTS = ("/usr", *(f"/etc/{name}" for name in (
    "alternatives", "group", "ld.so.cache", "localtime", "mime.types", "nsswitch.conf", "passwd",
    "ssl",
)))  # fmt: skip
"""What every image holds, as far as this machine has it; the rest of /etc is empty."""


@dataclass(frozen=True, kw_only=True)
class Image:
    """What an image holds: folders, how it is started, its environment, its user."""

    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[str, ...] = ()
    folder: str = "/"
    user: int = 0


def find_image(reference: str) -> Image | None:
    """Return what stands for an image, or None where it could not be pulled."""
    repository = re.sub(r"(@sha256:.*|:[^/]*)$", "", reference)
    name = repository.rpartition("/")[2]
    service = re.fullmatch(r"pairmill-([a-z-]+)", name)
    if service and (ROOT / "services" / service[1]).is_dir():
        return _service(service[1])
    known = {"redis": _redis, "valkey": _redis, "minio": _minio, "qdrant": _qdrant,
             "busybox": _shell, "pairmill-job-test": _python}  # fmt: skip
    return known[name]() if name in known else None


def _service(name: str) -> Image:
    python = _python()
    return Image(
        entrypoint=("python", "-m", f"services.{name}"), environment=python.environment,
        parts=python.parts, folder=str(ROOT), user=10001,
    )  # fmt: skip


def _python() -> Image:
    """This Python and this checkout."""
    environment = {
        "PATH": f"{sys.prefix}/bin:{SYSTEM_PATH}", "PYTHONPATH": f"{ROOT}:{ROOT / 'shared'}",
        "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1",
    }  # fmt: skip
    # More than the image holds, where the environment of tests lies in one with much else.
    parts = (sys.prefix, sys.base_prefix, str(ROOT / "shared"), str(ROOT / "services"))
    return Image(environment=environment, parts=parts)


def _entry(script: str) -> tuple[str, ...]:
    """An entrypoint that looks at its arguments, as those of both official images do."""
    return ("sh", "-c", f'{script}; exec "$@"', "docker-entrypoint.sh")


def _redis() -> Image:
    entry = _entry('case "$1" in -*|*.conf) set -- redis-server "$@";; esac')
    return Image(entrypoint=entry, command=("redis-server",),
                 environment={"PATH": SYSTEM_PATH}, user=999)  # fmt: skip


def _minio() -> Image:
    tools = os.environ["PM_TOOLS"]
    return Image(
        entrypoint=_entry('[ "$1" = minio ] || set -- minio "$@"'), command=("minio",),
        environment={"PATH": f"{tools}:{SYSTEM_PATH}"}, parts=(tools,),
    )  # fmt: skip


def _qdrant() -> Image:
    python = _python()
    return Image(
        command=("python", "-m", "tests.servers.qdrant.server"),
        environment={**python.environment, "QDRANT__SERVICE__HOST": "0.0.0.0"},
        parts=(*python.parts, str(ROOT / "tests")), folder=str(ROOT), user=1000,
    )  # fmt: skip


def _shell() -> Image:
    assert shutil.which("sh")
    return Image(command=("sh",), environment={"PATH": SYSTEM_PATH})
