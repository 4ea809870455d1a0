"""The floors of the house, as .importlinter writes them down: imports go down only."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"

# File, wrong line, and the broken contract's report of it.
PLANTED = [
    ("pairmill/core/ids.py", "import celery", "pairmill.core is not allowed to import celery"),
    ("pairmill/pipeline/plan.py", "import torch",
     "pairmill.pipeline is not allowed to import torch"),
    ("pairmill/pipeline/output.py", "from pairmill.adapters.queue import inline",
     "pairmill.pipeline is not allowed to import pairmill.adapters"),
    ("pairmill/models/losses.py", "import pairmill.pipeline.plan",
     "pairmill.models is not allowed to import pairmill.pipeline"),
    ("pairmill/ports/queue.py", "import services",
     "pairmill is not allowed to import services"),
    ("pairmill/adapters/ledger/memory.py", "import pairmill.adapters.queue.inline",
     "pairmill.adapters.ledger is not allowed to import pairmill.adapters.queue"),
    ("services/miner/stage.py", "import services.describer.stage",
     "services.miner is not allowed to import services.describer"),
    ("services/describer/stage.py", "import services.standalone",
     "services.describer is not allowed to import services.standalone"),
    ("services/miner/neighbours.py", "import qdrant_client",
     "services.miner.stage is not allowed to import qdrant_client"),
    ("services/instructor/stage.py", "from pairmill.adapters.vectors import exact",
     "services.instructor.stage is not allowed to import pairmill.adapters"),
    ("services/describer/stage.py", "def later() -> None:\n    import torch",
     "services.describer is not allowed to import torch"),
    ("pairmill/stranger.py", '"""A module without a floor."""', "- pairmill.stranger"),
    ("services/stranger/__init__.py", "", "- services.stranger"),
    ("pairmill/core/errors.py", "import pairmill.core.ids\nimport pairmill.core.schemas",
     "No import goes round in a circle BROKEN"),
]  # fmt: skip


def lint(folder: Path, shared: Path) -> "subprocess.CompletedProcess[str]":
    """Check the contracts on the packages that lie in two folders."""
    path = os.pathsep.join([str(shared), str(folder), *filter(None, sys.path)])
    command = [sys.executable, "-c", LINT, "--no-cache", "--config", str(ROOT / ".importlinter")]
    environment = {**os.environ, "PYTHONPATH": path, "COLUMNS": "1000"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def test_imports_go_down_only() -> None:
    done = lint(ROOT, ROOT / "shared")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the check says of a copy with all the wrong imports in it."""
    copy = tmp_path_factory.mktemp("copy")
    ignore = shutil.ignore_patterns("__pycache__", "*.safetensors")
    shutil.copytree(ROOT / "shared" / "pairmill", copy / "pairmill", ignore=ignore)
    shutil.copytree(ROOT / "services", copy / "services", ignore=ignore)
    for name, line, _ in PLANTED:
        (copy / name).parent.mkdir(exist_ok=True)
        with (copy / name).open("a", encoding="utf-8") as file:
            file.write(f"\n{line}\n")
    done = lint(copy, copy)
    assert done.returncode != 0
    return done.stdout


@pytest.mark.parametrize(("name", "line", "wanted"), PLANTED)
def test_a_planted_wrong_import_is_caught(report: str, name: str, line: str, wanted: str) -> None:
    assert wanted in report
