"""What every launcher of jobs must do. The adapters it judges stand in conftest.py."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pairmill.ports.jobs import Jobs, JobSpec, JobState, JobStatus

Program = Callable[[str], str]

SLEEP = "import time\nprint('started', flush=True)\ntime.sleep(60)"


def ended(jobs: Jobs, name: str) -> JobStatus:
    """Wait until a job has ended and return how."""
    return reached(jobs, name, lambda status: status.state is not JobState.RUNNING)


def reached(jobs: Jobs, name: str, wanted: Callable[[JobStatus], bool]) -> JobStatus:
    """Wait until a job's status is as wanted, and return it."""
    until = time.monotonic() + 30
    while not wanted(status := jobs.status(name)):
        assert time.monotonic() < until, status
        time.sleep(0.02)
    return status


def test_a_program_that_ends_well_has_succeeded(jobs: Jobs, program: Program) -> None:
    jobs.launch(JobSpec(name="a", module=program("import sys; print('args', sys.argv[1:])"),
                        arguments=("--out", "a b", "")))  # fmt: skip
    status = ended(jobs, "a")
    assert status == JobStatus(state=JobState.SUCCEEDED, log_tail="args ['--out', 'a b', '']\n")


@pytest.mark.parametrize(
    "code", ["raise SystemExit(3)", "raise ValueError('what went wrong')",
             "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"],
)  # fmt: skip
def test_a_program_that_ends_badly_has_failed(jobs: Jobs, program: Program, code: str) -> None:
    jobs.launch(JobSpec(name="a", module=program(code)))
    status = ended(jobs, "a")
    assert status.state is JobState.FAILED
    assert ("what went wrong" in status.log_tail) == ("what" in code)


def test_a_module_that_is_not_there_has_failed_and_says_so(jobs: Jobs, program: Program) -> None:
    program("")
    jobs.launch(JobSpec(name="a", module="no_such_module"))
    status = ended(jobs, "a")
    assert (status.state, "no_such_module" in status.log_tail) == (JobState.FAILED, True)


def test_a_running_job_shows_what_it_printed_so_far(jobs: Jobs, program: Program) -> None:
    jobs.launch(JobSpec(name="a", module=program(SLEEP)))
    status = reached(jobs, "a", lambda status: "started" in status.log_tail)
    assert status.state is JobState.RUNNING
    jobs.cancel("a")


def test_only_the_end_of_a_long_log_is_returned(jobs: Jobs, program: Program) -> None:
    code = (
        "for i in range(100_000): print(f'line {i} \\u00e9')\nimport os; os.write(1, b'\\xff\\n')"
    )
    jobs.launch(JobSpec(name="a", module=program(code)))
    tail = ended(jobs, "a").log_tail
    assert len(tail) < 10_000
    assert tail.startswith("line ")
    assert tail.endswith("line 99999 é\n\ufffd\n")


def test_a_job_that_still_runs_is_left_alone(jobs: Jobs, program: Program, tmp_path: Path) -> None:
    code = f"open({str(tmp_path / 'starts')!r}, 'a').write('x')\n{SLEEP}"
    spec = JobSpec(name="a", module=program(code))
    for _ in range(3):
        jobs.launch(spec)
        reached(jobs, "a", lambda status: "started" in status.log_tail)
    assert (tmp_path / "starts").read_text() == "x"
    jobs.cancel("a")


def test_a_job_that_ended_can_be_launched_again_with_a_fresh_log(
    jobs: Jobs, program: Program, tmp_path: Path
) -> None:
    code = (
        f"import pathlib, sys\nmark = pathlib.Path({str(tmp_path / 'mark')!r})\n"
        "again = mark.exists()\nmark.touch()\nprint('again', again)\nsys.exit(not again)"
    )
    spec = JobSpec(name="a", module=program(code))
    jobs.launch(spec)
    assert ended(jobs, "a").state is JobState.FAILED
    jobs.launch(spec)
    assert ended(jobs, "a") == JobStatus(state=JobState.SUCCEEDED, log_tail="again True\n")


def test_jobs_of_other_names_run_beside_one_another(jobs: Jobs, program: Program) -> None:
    names = ["run-1-train", "run/1@gallery", "..", "ä b"]
    for name in names:
        jobs.launch(JobSpec(name=name, module=program(f"print({name!r})\n" + SLEEP)))
    for name in names:
        status = reached(jobs, name, lambda status: "started" in status.log_tail)
        assert status == JobStatus(state=JobState.RUNNING, log_tail=f"{name}\nstarted\n")
    for name in names:
        jobs.cancel(name)
        assert jobs.status(name).state is JobState.FAILED


def test_a_job_gets_its_own_values_over_those_of_its_launcher(
    jobs: Jobs, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAIRMILL_INHERITED", "from outside")
    monkeypatch.setenv("PAIRMILL_REPLACED", "from outside")
    code = (
        "import os\nprint(os.environ['PAIRMILL_INHERITED'], '|', os.environ['PAIRMILL_REPLACED'])"
    )
    jobs.launch(JobSpec(name="a", module=program(code), environment={"PAIRMILL_REPLACED": "own"}))
    assert ended(jobs, "a").log_tail == "from outside | own\n"


def test_a_cancelled_job_has_failed_and_cancelling_it_again_is_no_error(
    jobs: Jobs, program: Program
) -> None:
    jobs.launch(JobSpec(name="a", module=program(SLEEP)))
    reached(jobs, "a", lambda status: "started" in status.log_tail)
    for _ in range(2):
        jobs.cancel("a")
        assert jobs.status("a").state is JobState.FAILED


def test_cancelling_a_job_that_succeeded_changes_nothing(jobs: Jobs, program: Program) -> None:
    jobs.launch(JobSpec(name="a", module=program("print('done')")))
    ended(jobs, "a")
    jobs.cancel("a")
    assert jobs.status("a") == JobStatus(state=JobState.SUCCEEDED, log_tail="done\n")


def test_a_job_may_tidy_up_when_it_is_cancelled(jobs: Jobs, program: Program) -> None:
    code = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(print('tidied', flush=True)))\n" + SLEEP
    )
    jobs.launch(JobSpec(name="a", module=program(code)))
    reached(jobs, "a", lambda status: "started" in status.log_tail)
    jobs.cancel("a")
    assert jobs.status("a") == JobStatus(state=JobState.FAILED, log_tail="started\ntidied\n")


def test_a_job_that_will_not_end_is_killed_after_the_grace(jobs: Jobs, program: Program) -> None:
    code = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SLEEP
    jobs.launch(JobSpec(name="a", module=program(code)))
    reached(jobs, "a", lambda status: "started" in status.log_tail)
    started = time.monotonic()
    jobs.cancel("a")
    assert time.monotonic() - started < 20
    assert jobs.status("a").state is JobState.FAILED


def test_an_unknown_name_raises_key_error(jobs: Jobs) -> None:
    for call in (jobs.status, jobs.cancel):
        with pytest.raises(KeyError, match="unknown"):
            call("unknown")
