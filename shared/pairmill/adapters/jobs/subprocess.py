"""Run jobs as programs on this machine. Knows modules and log files; knows no stage."""

import os
import subprocess
import sys
import threading
from collections.abc import Collection
from pathlib import Path
from urllib.parse import quote

from pairmill.adapters.jobs import guard
from pairmill.ports.jobs import JobSpec, JobState, JobStatus

TAIL_BYTES = 8192


class SubprocessJobs:
    """One guarded process group for each job, which ends with this process, however that ends.

    A job gets this process's environment with its own values over it, finds the same modules, and
    prints into `<log_folder>/<name>.log`, begun anew by every launch. A slash in a name is
    written %2F there. `cancel` waits until the job has ended: SIGTERM, then SIGKILL after
    `grace_seconds`.
    """

    def __init__(self, log_folder: Path, *, grace_seconds: float = 10.0) -> None:
        self._log_folder = Path(log_folder).resolve()
        self._grace_seconds = grace_seconds
        self._lock = threading.Lock()
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def launch(self, spec: JobSpec) -> None:
        """Start the job; one of that name that still runs is left alone."""
        with self._lock:
            found = self._running.get(spec.name)
            if found is None or found.poll() is not None:
                self._running[spec.name] = self._start(spec)

    def status(self, name: str) -> JobStatus:
        """Return where the job stands."""
        code = self._running[name].poll()
        ended = JobState.FAILED if code else JobState.SUCCEEDED
        state = JobState.RUNNING if code is None else ended
        return JobStatus(state=state, log_tail=_tail(self._log(name)))

    def cancel(self, name: str) -> None:
        """End the job and all it started; a finished one is left alone."""
        job = self._running[name]
        job.terminate()
        job.wait()

    def spare(self, workers: Collection[str]) -> None:
        """Nothing to do: nobody ends workers here to save machines."""

    def _start(self, spec: JobSpec) -> "subprocess.Popen[bytes]":
        program = [sys.executable, "-m", spec.module, *spec.arguments]
        # -I and -S: the guard needs no package, and must not take `subprocess` from its folder.
        guarded = [sys.executable, "-I", "-S", guard.__file__]
        guarded += [str(os.getpid()), str(self._grace_seconds), *program]
        path = os.pathsep.join(dict.fromkeys(os.path.abspath(entry) for entry in sys.path))
        environment = {**os.environ, "PYTHONPATH": path, **spec.environment}
        self._log_folder.mkdir(parents=True, exist_ok=True)
        with self._log(spec.name).open("wb") as log:
            return subprocess.Popen(
                guarded,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,
            )

    def _log(self, name: str) -> Path:
        return self._log_folder / f"{quote(name, safe='@')}.log"


def _tail(log: Path) -> str:
    """Return the end of a log, from the beginning of a line where it was cut."""
    with log.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - TAIL_BYTES))
        data = file.read(TAIL_BYTES)
    if size > TAIL_BYTES:
        data = data.partition(b"\n")[2] or data
    return data.decode(errors="replace")
