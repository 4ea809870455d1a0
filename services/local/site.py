"""Start, watch and stop the processes of a local site. Knows pids and logs; knows no Pairmill.

A process outlives the command that started it; `down` finds it by its pid file, which also names
the moment of its start, so that a stranger who got the number later is left alone.
"""

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path

from pairmill.core.errors import ConfigError
from services.local.programs import SERVERS, Program

PATIENCE_SECONDS = 120.0
POLL_SECONDS = 0.1


class Site:
    """The processes of one folder: pid files in `pids/`, logs in `logs/`."""

    def __init__(self, folder: Path, programs: list[Program]) -> None:
        self.folder, self.programs = folder, {program.name: program for program in programs}
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        for name in ("pids", "logs"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def start(self, name: str) -> bool:
        """Start one program; False where it runs already."""
        if self.pid(name):
            return False
        self._reap(name)
        program = self.programs[name]
        with self.log(name).open("ab") as log:
            child = subprocess.Popen(
                program.command,
                env={**os.environ, **program.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._children[name] = child
        self._pid_file(name).write_text(f"{child.pid} {_born(child.pid)}\n")
        return True

    def start_all(self, names: Iterable[str]) -> Iterator[tuple[str, bool]]:
        """Start programs and wait for them, servers first; yield each with what `start` said."""
        wanted = list(names)
        for group in _groups(wanted):
            for name in group:
                yield name, self.start(name)
            for name in group:
                self.wait(name)

    def stop_all(self, names: Iterable[str]) -> list[str]:
        """End programs, servers last; return those that had to be killed."""
        servers, others = _groups(list(names))
        return self.stop(others) + self.stop(servers)

    def wait(self, name: str, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until a program is up; ConfigError with the end of its log where it is not."""
        end = time.monotonic() + seconds
        while not self.up(name):
            if not self.pid(name) or time.monotonic() > end:
                why = "ended" if not self.pid(name) else f"is not up after {seconds:.0f} s"
                raise ConfigError(f"{name} {why}; the end of {self.log(name)}:\n{self.tail(name)}")
            time.sleep(POLL_SECONDS)

    def up(self, name: str) -> bool:
        """Say whether a program answers."""
        program = self.programs[name]
        try:
            if not program.ready:
                socket.create_connection(("127.0.0.1", program.port), 1).close()
                return True
            with urllib.request.urlopen(program.ready, timeout=2) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    def pid(self, name: str) -> int:
        """Return a running program's process id, or 0."""
        if name in self._children:
            self._children[name].poll()  # one's own child stays a zombie until it is asked
        with contextlib.suppress(OSError, ValueError):
            number, born = self._pid_file(name).read_text().split()
            if _born(int(number)) == born:
                return int(number)
        return 0

    def kill(self, name: str) -> None:
        """Kill a program, if it runs; return once it is gone."""
        self._signal(name, signal.SIGKILL)
        while self.pid(name):
            time.sleep(POLL_SECONDS)

    def stop(self, names: list[str], seconds: float = 30.0) -> list[str]:
        """End programs, all at once; return those that had to be killed."""
        for name in names:
            self._signal(name, signal.SIGTERM)
        end = time.monotonic() + seconds
        while any(self.pid(name) for name in names) and time.monotonic() < end:
            time.sleep(POLL_SECONDS)
        left = [name for name in names if self.pid(name)]
        for name in left:
            self.kill(name)
        for name in names:
            self._reap(name)
            self._pid_file(name).unlink(missing_ok=True)
        return left

    def started(self) -> list[str]:
        """Return the programs that were started and not stopped since, running or not."""
        return sorted(path.name for path in (self.folder / "pids").iterdir())

    def log(self, name: str) -> Path:
        """Return where a program's output goes."""
        return self.folder / "logs" / f"{name}.log"

    def tail(self, name: str, lines: int = 12) -> str:
        """Return the end of a program's output."""
        with contextlib.suppress(OSError):
            text = self.log(name).read_text(errors="replace")
            return "\n".join(text.splitlines()[-lines:])
        return ""

    def _reap(self, name: str) -> None:
        """Take note of a child's end, which leaves it a zombie until then."""
        if child := self._children.pop(name, None):
            child.wait()

    def _signal(self, name: str, number: int) -> None:
        if pid := self.pid(name):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _pid_file(self, name: str) -> Path:
        return self.folder / "pids" / name


def _groups(names: list[str]) -> tuple[list[str], list[str]]:
    """Return the servers among programs, and the others."""
    servers = [name for name in names if name in SERVERS]
    return servers, [name for name in names if name not in SERVERS]


def _born(pid: int) -> str:
    """Return when a process started, in ticks since boot; empty where there is none or a zombie."""
    with contextlib.suppress(OSError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "" if fields[0] == "Z" else fields[19]
    return ""
