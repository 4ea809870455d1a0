"""Start programs that end with this process, wait for them, stop them. Knows no Kubernetes."""

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

STOP_SECONDS = 10.0
READY_SECONDS = 90.0


class Programs:
    """The programs of one cluster; each prints into `<folder>/<name>.log`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(
        self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> None:
        """Start one; it is killed if this process dies."""
        tied = ["setpriv", "--pdeathsig", "KILL", *command]
        with (self._folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                tied, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self._folder,
                env={**os.environ, **(environment or {})}, start_new_session=True,
            )  # fmt: skip

    def pid(self, name: str) -> int:
        """Return the process of a program."""
        return self._running[name].pid

    def wait_for(self, what: str, condition: Callable[[], object]) -> None:
        """Wait until a condition holds; RuntimeError where a program ends or time is up."""
        until = time.monotonic() + READY_SECONDS
        while not condition():
            for name, process in self._running.items():
                if process.poll() is not None:
                    raise RuntimeError(f"{name} ended with {process.returncode}: {self._end(name)}")
            if time.monotonic() > until:
                raise RuntimeError(f"{what}: not within {READY_SECONDS:.0f} seconds")
            time.sleep(0.1)

    def stop(self) -> None:
        """End all, the last first: SIGTERM, then SIGKILL."""
        for process in reversed(self._running.values()):
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
            process.kill()
            process.wait()
        self._running.clear()

    def _end(self, name: str) -> str:
        return (self._folder / f"{name}.log").read_text(errors="replace")[-1500:]
