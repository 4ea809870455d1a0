"""Everything that the jobs suite judges: a new adapter adds one line to LAUNCHERS."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pairmill.adapters.jobs.subprocess import SubprocessJobs
from pairmill.ports.jobs import Jobs

GRACE_SECONDS = 0.5

LAUNCHERS: dict[str, Callable[[Path], Jobs]] = {
    "subprocess": lambda path: SubprocessJobs(path / "logs", grace_seconds=GRACE_SECONDS),
}


@pytest.fixture(params=LAUNCHERS)
def jobs(request: pytest.FixtureRequest, tmp_path: Path) -> Jobs:
    """A fresh launcher of jobs."""
    return LAUNCHERS[request.param](tmp_path)


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """A function that writes a module which a job finds, and returns its name."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.chdir(tmp_path)

    def write(code: str) -> str:
        name = f"program_{len(list(folder.iterdir()))}"
        (folder / f"{name}.py").write_text(code)
        return name

    return write
