"""What every launcher of jobs must do. The adapters it judges stand in conftest.py."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from pairmill.ports.jobs import Jobs, JobSpec, JobState, JobStatus
from tests.pairmill.adapters.jobs.conftest import Launcher

Program = Callable[[str], str]


@pytest.fixture
def sleep(tmp_path: Path) -> str:
    """Code that leaves a mark and then sleeps for long."""
    mark = str(tmp_path / "started")
    return f"import time\nprint('started', flush=True)\nopen({mark!r}, 'w')\ntime.sleep(60)"


def started(tmp_path: Path) -> None:
    """Wait until a job has left its mark, and wipe it away."""
    until = time.monotonic() + 30
    while not (tmp_path / "started").exists():
        assert time.monotonic() < until
        time.sleep(0.02)
    (tmp_path / "started").unlink()


def ended(jobs: Jobs, name: str) -> JobStatus:
    """Wait until a job has ended and return how."""
    return reached(jobs, name, lambda status: status.state is not JobState.RUNNING)


def cancelled(jobs: Jobs, name: str) -> JobStatus:
    """Cancel a job and wait for its end; one that is known no more counts as failed."""
    with suppress(KeyError):
        jobs.cancel(name)
    try:
        return ended(jobs, name)
    except KeyError:
        return JobStatus(state=JobState.FAILED)


def reached(jobs: Jobs, name: str, wanted: Callable[[JobStatus], bool]) -> JobStatus:
    """Wait until a job's status is as wanted, and return it."""
    until = time.monotonic() + 30
    while not wanted(status := jobs.status(name)):
        assert time.monotonic() < until, status
        time.sleep(0.02)
    return status


def test_a_program_that_ends_well_has_succeeded(
    jobs: Jobs, program: Program, tmp_path: Path
) -> None:
    code = f"import sys\nopen({str(tmp_path / 'got')!r}, 'w').write(repr(sys.argv[1:]))"
    arguments = ("--out", "a b", "", "$(HOME)")
    jobs.launch(JobSpec(name="a", module=program(code), arguments=arguments))
    assert ended(jobs, "a") == JobStatus(state=JobState.SUCCEEDED)
    assert (tmp_path / "got").read_text() == repr(list(arguments))


@pytest.mark.parametrize(
    "code", ["raise SystemExit(3)", "raise ValueError('what went wrong')",
             "import os; os.abort()"],
)  # fmt: skip
def test_a_program_that_ends_badly_has_failed(jobs: Jobs, program: Program, code: str) -> None:
    jobs.launch(JobSpec(name="a", module=program(code)))
    status = ended(jobs, "a")
    assert status.state is JobState.FAILED
    assert ("what went wrong" in status.log_tail) == ("what" in code)


def test_a_module_that_is_not_there_has_failed_and_says_so(
    launcher: Launcher, program: Program
) -> None:
    program("")
    launcher.prepare("no_such_module")
    launcher.jobs.launch(JobSpec(name="a", module="no_such_module"))
    status = ended(launcher.jobs, "a")
    assert (status.state, "no_such_module" in status.log_tail) == (JobState.FAILED, True)


def test_a_running_job_shows_what_it_printed_so_far(
    launcher: Launcher, program: Program, sleep: str, tmp_path: Path
) -> None:
    launcher.jobs.launch(JobSpec(name="a", module=program(sleep)))
    started(tmp_path)
    shown = "started\n" if launcher.whole_log else ""
    status = JobStatus(state=JobState.RUNNING, log_tail=shown)
    assert launcher.jobs.status("a") == status
    launcher.jobs.cancel("a")


def test_only_the_end_of_a_long_log_is_returned(launcher: Launcher, program: Program) -> None:
    code = (
        "for i in range(100_000): print(f'line {i} \\u00e9')\n"
        "import os, sys; sys.stdout.flush(); os.write(1, b'\\xff\\n'); sys.exit(1)"
    )
    launcher.jobs.launch(JobSpec(name="a", module=program(code)))
    tail = ended(launcher.jobs, "a").log_tail
    assert len(tail) < 10_000
    assert tail.startswith("line ") or not launcher.whole_log
    assert tail.endswith("line 99999 é\n\ufffd\n")


def test_a_job_that_still_runs_is_left_alone(
    jobs: Jobs, program: Program, tmp_path: Path, sleep: str
) -> None:
    code = f"open({str(tmp_path / 'starts')!r}, 'a').write('x')\n{sleep}"
    spec = JobSpec(name="a", module=program(code))
    jobs.launch(spec)
    started(tmp_path)
    for _ in range(2):
        jobs.launch(spec)
    time.sleep(0.5)
    assert (tmp_path / "starts").read_text() == "x"
    jobs.cancel("a")


def test_a_job_that_ended_can_be_launched_again_with_a_fresh_log(
    jobs: Jobs, program: Program, tmp_path: Path
) -> None:
    code = (
        f"import pathlib, sys\nmark = pathlib.Path({str(tmp_path / 'mark')!r})\n"
        "again = len(mark.read_text()) if mark.exists() else 0\n"
        "mark.open('a').write('x')\nprint('again', again)\nsys.exit(again < 2)"
    )
    spec = JobSpec(name="a", module=program(code))
    for again in range(2):
        jobs.launch(spec)
        assert ended(jobs, "a") == JobStatus(state=JobState.FAILED, log_tail=f"again {again}\n")
    jobs.launch(spec)
    assert ended(jobs, "a").state is JobState.SUCCEEDED


def test_jobs_of_other_names_run_beside_one_another(
    jobs: Jobs, program: Program, sleep: str, tmp_path: Path
) -> None:
    names = ["run-1-train", "run/1@gallery", "..", "ä b", "RUN-1-train", "x" * 100]
    for name in names:
        jobs.launch(JobSpec(name=name, module=program(sleep)))
        started(tmp_path)
    assert {jobs.status(name).state for name in names} == {JobState.RUNNING}
    for name in names:
        jobs.cancel(name)
    for name in names:
        assert cancelled(jobs, name).state is JobState.FAILED


def test_a_job_gets_its_own_values_over_those_of_its_launcher(
    jobs: Jobs, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAIRMILL_INHERITED", "from outside")
    monkeypatch.setenv("PAIRMILL_REPLACED", "from outside")
    code = (
        "import os\nprint(os.environ['PAIRMILL_INHERITED'], '|', os.environ['PAIRMILL_REPLACED'])\n"
        "raise SystemExit(1)"
    )
    environment = {"PAIRMILL_REPLACED": "own $(PATH)"}
    jobs.launch(JobSpec(name="a", module=program(code), environment=environment))
    assert ended(jobs, "a").log_tail == "from outside | own $(PATH)\n"


def test_a_cancelled_job_has_failed_and_cancelling_it_again_is_no_error(
    jobs: Jobs, program: Program, sleep: str, tmp_path: Path
) -> None:
    jobs.launch(JobSpec(name="a", module=program(sleep)))
    started(tmp_path)
    jobs.cancel("a")
    assert cancelled(jobs, "a").state is JobState.FAILED


def test_a_cancelled_job_can_be_launched_again(
    jobs: Jobs, program: Program, sleep: str, tmp_path: Path
) -> None:
    spec = JobSpec(name="a", module=program(sleep))
    for _ in range(2):
        jobs.launch(spec)
        started(tmp_path)
        assert cancelled(jobs, "a").state is JobState.FAILED


def test_cancelling_a_job_that_succeeded_changes_nothing(jobs: Jobs, program: Program) -> None:
    jobs.launch(JobSpec(name="a", module=program("")))
    ended(jobs, "a")
    jobs.cancel("a")
    assert jobs.status("a") == JobStatus(state=JobState.SUCCEEDED)


def test_a_job_may_tidy_up_when_it_is_cancelled(
    jobs: Jobs, program: Program, sleep: str, tmp_path: Path
) -> None:
    code = (
        "import signal, sys, time\ndef tidy(*_):\n"
        f"    open({str(tmp_path / 'tidied')!r}, 'w'); sys.exit()\n"
        f"signal.signal(signal.SIGTERM, tidy)\n{sleep}"
    )
    jobs.launch(JobSpec(name="a", module=program(code)))
    started(tmp_path)
    assert cancelled(jobs, "a").state is JobState.FAILED
    assert (tmp_path / "tidied").exists()


def test_a_job_that_will_not_end_is_killed_after_the_grace(
    jobs: Jobs, program: Program, sleep: str, tmp_path: Path
) -> None:
    code = f"import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n{sleep}"
    jobs.launch(JobSpec(name="a", module=program(code)))
    started(tmp_path)
    begun = time.monotonic()
    assert cancelled(jobs, "a").state is JobState.FAILED
    assert time.monotonic() - begun < 20


def test_an_unknown_name_raises_key_error(jobs: Jobs) -> None:
    for call in (jobs.status, jobs.cancel):
        with pytest.raises(KeyError, match="unknown"):
            call("unknown")


def test_any_worker_may_be_spared_even_one_that_is_gone(jobs: Jobs) -> None:
    jobs.spare(["gone-worker/1"])
    jobs.spare([])
