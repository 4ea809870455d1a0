"""Run a command the way a container runs. Knows namespaces and rights; knows no Kubernetes API."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.cluster.kubelet.images import HOST_PARTS

INSIDE = Path(__file__).with_name("inside.py")


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """What a container may see and do, below a folder of its own."""

    folder: Path
    network: str
    command: Sequence[str]
    environment: dict[str, str]
    parts: Sequence[str]
    binds: Sequence[tuple[str, str, bool]]
    working_folder: str = "/"
    user: int = 0
    group: int = 0
    groups: Sequence[int] = field(default=())
    read_only: bool = False

    @property
    def rights(self) -> list[str]:
        """The program that gives up every right before a command."""
        groups = ",".join(map(str, sorted({self.group, *self.groups})))
        return ["setpriv", "--reuid", str(self.user), "--regid", str(self.group), "--groups",
                groups, "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs",
                "--pdeathsig", "KILL"]  # fmt: skip

    def start(self, log: Path) -> "Running":
        """Start the command; what it prints goes to `log`."""
        root = self.folder / "root"
        root.mkdir(parents=True, exist_ok=True)
        shown = [(part, part, True) for part in (*HOST_PARTS, *self.parts)
                 if Path(part).exists()]  # fmt: skip
        spec = {
            "root": str(root), "binds": [*shown, *self.binds], "read_only": self.read_only,
            "folder": self.working_folder, "rights": self.rights, "command": list(self.command),
            "environment": self.environment,
        }  # fmt: skip
        path = self.folder / "spec.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(spec))
        command = [
            "setpriv", "--pdeathsig", "KILL", "nsenter", f"--net=/run/netns/{self.network}",
            "unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private",
            sys.executable, "-I", "-S", str(INSIDE), str(path),
        ]  # fmt: skip
        with log.open("ab") as file:
            os.chown(log, self.user, self.group)
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
            )
        return Running(process=process, sandbox=self)


@dataclass(frozen=True, kw_only=True)
class Running:
    """A container's main process."""

    process: "subprocess.Popen[bytes]"
    sandbox: Sandbox

    @property
    def pid(self) -> int:
        """The container's process 1, as this machine numbers it; 0: not there."""
        with suppress(OSError, IndexError):
            own = self.process.pid
            return int(Path(f"/proc/{own}/task/{own}/children").read_text().split()[0])
        return 0

    def exit_code(self) -> int | None:
        """Return how it ended, 128 + n after signal n; None while it runs."""
        code = self.process.poll()
        return 128 - code if code is not None and code < 0 else code

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the main process."""
        if self.exit_code() is None and self.pid:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def end(self, grace_seconds: float) -> None:
        """SIGTERM, and SIGKILL after the grace."""
        self.signal(signal.SIGTERM)
        until = time.monotonic() + grace_seconds
        while self.exit_code() is None and time.monotonic() < until:
            time.sleep(0.05)
        while self.exit_code() is None:
            self.signal(signal.SIGKILL)
            time.sleep(0.02)

    def execute(self, command: Sequence[str], seconds: float) -> bool:
        """Run a command in the container; return whether it ended well and in time."""
        pid = self.pid
        if not pid:
            return False
        pairs = [f"{name}={value}" for name, value in self.sandbox.environment.items()]
        entered = ["nsenter", "--target", str(pid), "--mount", "--pid", "--net", "--root", "--wd",
                   "env", "-i", *pairs, *self.sandbox.rights, "--", *command]  # fmt: skip
        nothing = subprocess.DEVNULL
        with subprocess.Popen(
            entered, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True
        ) as process:
            try:
                return process.wait(seconds) == 0
            except subprocess.TimeoutExpired:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                return False
