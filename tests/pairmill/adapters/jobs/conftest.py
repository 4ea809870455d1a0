"""Everything that the jobs suite judges: a new adapter adds one line to LAUNCHERS."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pairmill.adapters.jobs.subprocess import SubprocessJobs
from pairmill.ports.jobs import Jobs
from tests.cluster.jobs import kubernetes_launcher

GRACE_SECONDS = 0.5


@dataclass(frozen=True, kw_only=True)
class Launcher:
    """A launcher of jobs. prepare: told of each module before it is run.

    whole_log: it shows what a job prints while that runs, and of those that ended well.
    """

    jobs: Jobs
    prepare: Callable[[str], None] = lambda module: None
    whole_log: bool = True


def _subprocess(request: pytest.FixtureRequest, folder: Path) -> Launcher:
    return Launcher(jobs=SubprocessJobs(folder / "logs", grace_seconds=GRACE_SECONDS))


def _kubernetes(request: pytest.FixtureRequest, folder: Path) -> Launcher:
    cluster, monkeypatch = (
        request.getfixturevalue("cluster"),
        request.getfixturevalue("monkeypatch"),
    )
    jobs, prepare = kubernetes_launcher(cluster, folder, monkeypatch)
    return Launcher(jobs=jobs, prepare=prepare, whole_log=False)


LAUNCHERS = {
    "subprocess": _subprocess,
    "kubernetes": _kubernetes,
}


@pytest.fixture(
    params=[pytest.param(n, marks=[pytest.mark.cluster] * (n == "kubernetes")) for n in LAUNCHERS]
)
def launcher(request: pytest.FixtureRequest, tmp_path: Path) -> Launcher:
    """A fresh launcher of jobs, and what is to know of it."""
    return LAUNCHERS[request.param](request, tmp_path)


@pytest.fixture
def jobs(launcher: Launcher) -> Jobs:
    """A fresh launcher of jobs."""
    return launcher.jobs


@pytest.fixture
def program(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], str]:
    """A function that writes a module which a job finds, and returns its name."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.chdir(tmp_path)

    def write(code: str) -> str:
        name = f"program_{len(list(folder.iterdir()))}"
        (folder / f"{name}.py").write_text(code)
        if "launcher" in request.fixturenames:
            request.getfixturevalue("launcher").prepare(name)
        return name

    return write
