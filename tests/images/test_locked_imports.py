"""A service's program imports nothing that its own lock, and so its image, lacks."""

import re
import subprocess
import sys
from functools import cache
from importlib.metadata import packages_distributions

import pytest

from tests.images.dockerfiles import DOCKER, ROOT
from tests.images.test_dockerfiles import pins, services

PROGRAM = """
import importlib, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in MISSING:
            raise ModuleNotFoundError(f"No module named {name!r} in the image", name=name)

MISSING = set(sys.argv[2].split(","))
sys.meta_path.insert(0, Refuse())
importlib.import_module(f"services.{sys.argv[1]}.__main__")
if sys.argv[1] in ("coordinator", "gateway", "retriever"):
    sys.exit()
importlib.import_module("pairmill.shell")
"""


@cache
def _modules() -> dict[str, set[str]]:
    """Return every module that is installed here, with the packages that bring it."""
    found = packages_distributions()
    return {name: {_plain(package) for package in found[name]} for name in found}


def _plain(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).lower()


@pytest.mark.parametrize("service", sorted(services(DOCKER / "cpu.Dockerfile")))
def test_a_service_starts_on_what_its_lock_holds(service: str) -> None:
    lock = ROOT / f"locks/{service}.txt"
    assert lock.exists(), "run: make locks"
    held = {_plain(package) for package in pins(lock)} | {"pairmill"}
    missing = sorted(name for name, bring in _modules().items() if not bring & held)
    command = [sys.executable, "-c", PROGRAM, service, ",".join(missing)]
    path = f"{ROOT}/shared:{ROOT}"
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={"PYTHONPATH": path}, cwd="/"
    )
    assert done.returncode == 0, done.stderr[-1500:]
