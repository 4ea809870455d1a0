"""Find the servers and tools that tests/tools/build.sh builds. Knows nothing of running them."""

import subprocess
from functools import cache
from pathlib import Path

import pytest

BUILD = Path(__file__).resolve().parent.parent / "tools" / "build.sh"


@cache
def built(name: str) -> Path | str:
    """Return a tool, which is built first where it is missing, or why there is none."""
    done = subprocess.run([BUILD, name], capture_output=True, text=True)
    if done.returncode:
        return f"tests/tools/build.sh {name} failed: {done.stderr[-300:].strip()}"
    return Path(done.stdout.splitlines()[-1]) / name


def tool(name: str) -> Path:
    """Return a tool; the test is skipped where it cannot be had."""
    found = built(name)
    if isinstance(found, str):
        pytest.skip(found)
    return found
