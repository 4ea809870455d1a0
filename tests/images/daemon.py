"""A Docker daemon of the tests' own, and a base image made by debootstrap. Knows no Dockerfile."""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

import pytest

MIRROR, SUITE, PACKAGES = "http://deb.debian.org/debian", "bookworm", "python3,python3-venv"
BASE = "base:tests"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
SECONDS = 30.0


@dataclass(frozen=True)
class Docker:
    """A client of one daemon."""

    socket: Path

    def __call__(self, *arguments: str | Path, given: str | None = None) -> CompletedProcess[str]:
        """Run docker; the caller looks at the exit status."""
        # the old builder, unless there is a newer one: the tests do not bring buildx along
        environment = {**os.environ, "DOCKER_BUILDKIT": "1" if self.buildkit else "0"}
        command = ["docker", "-H", f"unix://{self.socket}", *arguments]
        return subprocess.run(
            command, input=given, env=environment, capture_output=True, text=True, check=False
        )

    @property
    def buildkit(self) -> bool:
        """Whether the client can drive BuildKit."""
        done = subprocess.run(["docker", "buildx", "version"], capture_output=True, check=False)
        return done.returncode == 0

    def must(self, *arguments: str | Path, given: str | None = None) -> str:
        """Run docker and return what it printed; AssertionError where it fails."""
        done = self(*arguments, given=given)
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
        return done.stdout.strip()


@contextmanager
def running(folder: Path) -> Iterator[Docker]:
    """Run a daemon with its data under a folder; without networks of its own."""
    if os.geteuid() != 0 or not shutil.which("dockerd"):
        pytest.skip(
            "images are built by a dockerd of the tests' own, as root: docker.io is missing"
        )
    docker = Docker(folder / "socket")
    command: list[str | Path] = [
        "dockerd", "--data-root", folder / "data", "--exec-root", folder / "exec",
        "--pidfile", folder / "pid", "-H", f"unix://{docker.socket}",
        "--iptables=false", "--ip6tables=false", "--bridge=none",
    ]  # fmt: skip
    with (folder / "log").open("wb") as log:
        daemon = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        end = time.monotonic() + SECONDS
        while docker("version").returncode:
            if daemon.poll() is not None or time.monotonic() > end:
                pytest.skip(f"dockerd does not start: {(folder / 'log').read_text()[-500:]}")
            time.sleep(0.2)
        yield docker
    finally:
        daemon.terminate()
        daemon.wait(SECONDS)
        _unmount(folder)
        shutil.rmtree(folder / "data", ignore_errors=True)


def _unmount(folder: Path) -> None:
    """Let go of what the daemon leaves mounted, the deepest first."""
    places = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for place in sorted((p for p in places if p.startswith(f"{folder}/")), reverse=True):
        subprocess.run(["umount", "--lazy", place], capture_output=True, check=False)


def import_base(docker: Docker) -> None:
    """Give the daemon a Debian with Python, which is made once and kept."""
    if not shutil.which("debootstrap"):
        pytest.skip("the base image is made by debootstrap: apt-get install debootstrap")
    docker.must("import", _root_files(), BASE)


def _root_files() -> Path:
    """Return the base's files as a tar. pip's settings of this machine lie in it."""
    settings = _pip_settings()
    made_from = f"{MIRROR} {SUITE} {PACKAGES} {settings} {CERTIFICATES.read_text()}"
    kept = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "pairmill-tools"
    tar = kept / f"base-{hashlib.sha256(made_from.encode()).hexdigest()[:16]}.tar"
    if not tar.exists():
        root = kept / f"base-{os.getpid()}"
        options = ["--variant=minbase", f"--include={PACKAGES}", SUITE]
        _run("debootstrap", *options, str(root), MIRROR)
        (root / CERTIFICATES.relative_to("/")).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CERTIFICATES, root / CERTIFICATES.relative_to("/"))
        (root / "etc/pip.conf").write_text(settings)
        _run("tar", "-C", str(root), "-cf", f"{tar}.{os.getpid()}", ".")
        Path(f"{tar}.{os.getpid()}").rename(tar)
        shutil.rmtree(root)
    return tar


def _pip_settings() -> str:
    """Return where this machine's pip finds packages, as the pip.conf of an image."""
    told = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    pairs = [line.partition("=") for line in told.stdout.splitlines()]
    wanted = {"cert", "index-url", "extra-index-url", "trusted-host", "proxy"}
    named = {name.rpartition(".")[2]: value.strip("'\"") for name, _, value in pairs}
    chosen = {name: value for name, value in sorted(named.items()) if name in wanted}
    if "cert" in chosen:
        chosen["cert"] = str(CERTIFICATES)
    return "[global]\n" + "".join(f"{name} = {value}\n" for name, value in chosen.items())


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"{command[0]} fails: {(done.stdout + done.stderr)[-500:]}")
