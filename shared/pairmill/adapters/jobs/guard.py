"""Run one program, and end it and all it started when whoever asked for it is gone.

Run by its path, apart from the package, in a process of its own: the standard library only.

    python -I -S guard.py PARENT_PID GRACE_SECONDS PROGRAM ARGUMENT…

SIGTERM ends the program: SIGTERM to its process group, SIGKILL after the grace. When the parent
is gone, however it went, the program is killed at once. The exit status is the program's, or that
of SIGTERM.

Why a process and not `PR_SET_PDEATHSIG` in the launcher: that signal comes when the launching
*thread* ends, and asking for it takes code between fork and exec, which may hang a program that
has threads. Here there is one thread, so both are safe, and a parent's death is seen everywhere.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

POLL_SECONDS = 0.05
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
"""From linux/prctl.h."""


def main(arguments: list[str]) -> int:
    """Guard one program; return its exit status, 128 + n where signal n ended it."""
    parent, grace_seconds, command = int(arguments[0]), float(arguments[1]), arguments[2:]
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
    program = subprocess.Popen(command, process_group=0, preexec_fn=_tie())
    while program.poll() is None and not asked and os.getppid() == parent:
        time.sleep(POLL_SECONDS)
    if asked and program.poll() is None:
        _signal(os.killpg, program.pid, signal.SIGTERM)
        until = time.monotonic() + grace_seconds
        while program.poll() is None and time.monotonic() < until and os.getppid() == parent:
            time.sleep(POLL_SECONDS)
    # Also after a good end: what a program leaves behind must not outlive it.
    _signal(os.killpg, program.pid, signal.SIGKILL)
    status = program.wait()
    _end_orphans()
    if asked:
        return 128 + signal.SIGTERM  # even if it ended in peace: its work is not done
    return status if status >= 0 else 128 - status


def _tie() -> Callable[[], object] | None:
    """Become the parent of whatever the program orphans; return what makes the kernel kill the
    program with this guard. On Linux alone; elsewhere the process group has to do."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    prctl(PR_SET_CHILD_SUBREAPER, ctypes.c_ulong(1))
    return lambda: prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL))


def _end_orphans() -> None:
    """Kill what left the process group, such as the workers of torchrun."""
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    while children.exists() and (pids := children.read_text().split()):
        for pid in map(int, pids):
            _signal(os.kill, pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _signal(send: Callable[[int, int], None], number: int, kind: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        send(number, kind)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
