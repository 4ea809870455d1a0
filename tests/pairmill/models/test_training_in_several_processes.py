"""Two processes that share every batch find what one process finds (gloo, for real)."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pairmill.core.errors import ConfigError
from pairmill.models.joining import together
from pairmill.models.world import Alone
from tests.pairmill.models.several import main

TREE = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Folders of the same trainings in one process, and in two."""
    one, two = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("two")
    paths = os.pathsep.join([str(TREE / "shared"), str(TREE)])
    program = str(Path(__file__).with_name("several.py"))
    with subprocess.Popen(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
         program, str(two)],
        env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
        stderr=subprocess.PIPE, text=True,
    ) as running:  # fmt: skip
        main(one)
        _, errors = running.communicate(timeout=240)
    assert running.returncode == 0, errors
    return one, two


def curve(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / "curve.json").read_text())
    return found


@pytest.mark.parametrize("name", ["heads", "all"])
def test_after_fifty_steps_two_processes_have_the_losses_of_one(
    name: str, trained: tuple[Path, Path]
) -> None:
    one, two = (curve(folder / name) for folder in trained)
    assert len(one) == len(two) == 27
    assert one[-1]["step"] == 52
    for want, got in zip(one, two, strict=True):
        assert want.keys() == got.keys()
        for key in (key for key in want if key.startswith("loss")):
            assert got[key] == pytest.approx(want[key], abs=1e-5)


def test_two_processes_end_with_the_same_bytes_after_a_stop(trained: tuple[Path, Path]) -> None:
    _, two = trained
    assert curve(two / "stopped") == curve(two / "short")
    want, got = (np.load(two / name / "weights.npz") for name in ("short", "stopped"))
    assert all(want[name].tobytes() == got[name].tobytes() for name in want.files)


def test_another_number_of_processes_than_configured_is_refused() -> None:
    with pytest.raises(ConfigError, match="--processes 3"), together(3):
        pass


def test_one_process_alone_shares_nothing() -> None:
    with together(1) as world:
        assert type(world) is Alone
