"""What only jobs on this machine must do: end with their launcher, and take all they started."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pairmill.adapters.jobs.subprocess import SubprocessJobs
from pairmill.ports.jobs import JobSpec, JobState

Program = Callable[[str], str]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

# Starts a child of its own, and one that leaves the process group as torchrun's workers do, and
# writes down all three process ids.
FAMILY = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
sleep = [sys.executable, "-S", "-c", "import time; time.sleep(60)"]
pids = [os.getpid(), subprocess.Popen(sleep).pid,
        subprocess.Popen(sleep, start_new_session=True).pid]
with open(sys.argv[1] + ".part", "w") as file:
    file.write(" ".join(map(str, pids)))
os.rename(sys.argv[1] + ".part", sys.argv[1])
"""
LAUNCHER = """
import os, sys, threading, time
from pathlib import Path
from pairmill.adapters.jobs.subprocess import SubprocessJobs
from pairmill.ports.jobs import JobSpec
jobs = SubprocessJobs(Path(sys.argv[1]))
spec = JobSpec(name="job", module=sys.argv[2], arguments=(sys.argv[3],))
thread = threading.Thread(target=jobs.launch, args=(spec,))
thread.start()
thread.join()
if sys.argv[4] == "stay":
    time.sleep(60)
while not os.path.exists(sys.argv[3]):
    time.sleep(0.01)
"""


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until a condition holds."""
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Say whether a process runs; one that ended but was not reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def family_of(mark: Path) -> list[int]:
    """Wait for the processes of FAMILY and return their ids."""
    wait_for(mark.exists)
    pids = [int(pid) for pid in mark.read_text().split()]
    assert len(pids) == 3
    return pids


def start_launcher(tmp_path: Path, module: str, then: str) -> "subprocess.Popen[bytes]":
    """Start a process that launches one job from a thread which ends at once."""
    arguments = [str(tmp_path / "logs"), module, str(tmp_path / "mark"), then]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.Popen([sys.executable, "-c", LAUNCHER, *arguments], env=environment)


def test_cancelling_ends_all_that_the_job_started(tmp_path: Path, program: Program) -> None:
    jobs = SubprocessJobs(tmp_path / "logs", grace_seconds=0.1)
    module = program(FAMILY + "time.sleep(60)")
    jobs.launch(JobSpec(name="a", module=module, arguments=(str(tmp_path / "mark"),)))
    pids = family_of(tmp_path / "mark")
    assert all(alive(pid) for pid in pids)
    jobs.cancel("a")
    assert not any(alive(pid) for pid in pids)


def test_a_job_that_ends_leaves_nothing_running(tmp_path: Path, program: Program) -> None:
    jobs = SubprocessJobs(tmp_path / "logs")
    jobs.launch(JobSpec(name="a", module=program(FAMILY), arguments=(str(tmp_path / "mark"),)))
    wait_for(lambda: jobs.status("a").state is JobState.SUCCEEDED)
    assert not any(alive(pid) for pid in family_of(tmp_path / "mark"))


def test_a_job_dies_with_a_launcher_that_is_killed(tmp_path: Path, program: Program) -> None:
    launcher = start_launcher(tmp_path, program(FAMILY + "time.sleep(60)"), "stay")
    pids = family_of(tmp_path / "mark")
    time.sleep(0.2)
    assert all(alive(pid) for pid in pids), "the thread that launched the job has long ended"
    launcher.send_signal(signal.SIGKILL)
    launcher.wait()
    wait_for(lambda: not any(alive(pid) for pid in pids))


def test_a_job_dies_with_a_launcher_that_ends(tmp_path: Path, program: Program) -> None:
    launcher = start_launcher(tmp_path, program(FAMILY + "time.sleep(60)"), "end")
    pids = family_of(tmp_path / "mark")
    assert launcher.wait() == 0
    wait_for(lambda: not any(alive(pid) for pid in pids))


@pytest.mark.skipif(
    sys.platform != "linux", reason="needs a kernel that ties a child to its parent"
)
def test_a_job_dies_with_a_guard_that_is_killed(tmp_path: Path, program: Program) -> None:
    jobs = SubprocessJobs(tmp_path / "logs")
    code = "import os\nprint(os.getpid(), os.getppid(), flush=True)\nimport time\ntime.sleep(60)"
    jobs.launch(JobSpec(name="a", module=program(code)))
    wait_for(lambda: jobs.status("a").log_tail)
    job, guard = map(int, jobs.status("a").log_tail.split())
    os.kill(guard, signal.SIGKILL)
    wait_for(lambda: not alive(job))
    assert jobs.status("a").state is JobState.FAILED


def test_many_threads_may_launch_one_job_and_it_starts_once(
    tmp_path: Path, program: Program
) -> None:
    jobs = SubprocessJobs(tmp_path / "logs")
    starts = tmp_path / "starts"
    spec = JobSpec(name="a", module=program(f"import time\nopen({str(starts)!r}, 'a').write('x')\n"
                                            "time.sleep(60)"))  # fmt: skip
    threads = [threading.Thread(target=jobs.launch, args=(spec,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_for(lambda: starts.exists() and starts.read_text())
    jobs.cancel("a")
    assert starts.read_text() == "x"


def test_a_job_holds_no_file_of_its_launcher_open(tmp_path: Path, program: Program) -> None:
    jobs = SubprocessJobs(tmp_path / "logs")
    with (tmp_path / "secret").open("w"):
        code = (
            "import pathlib\nprint([p.resolve() for p in pathlib.Path('/proc/self/fd').iterdir()])"
        )
        jobs.launch(JobSpec(name="a", module=program(code)))
        wait_for(lambda: jobs.status("a").state is not JobState.RUNNING)
    assert "/dev/null" in jobs.status("a").log_tail
    assert "secret" not in jobs.status("a").log_tail
